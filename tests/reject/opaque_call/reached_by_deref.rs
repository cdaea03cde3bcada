//! A field or a method that only a hand-written `Deref` reaches: its code would run unseen.

use std::ops::Deref;
use thunder::prelude::*;

#[thunder]
#[derive(Debug)]
pub struct Inner {
    pub width: f32,
    pub name: String,
}

#[thunder]
impl Inner {
    pub fn scaled(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * self.width
    }
    pub fn half(&self) -> f32 {
        self.width * 0.5
    }
}

#[thunder]
pub struct Outer {
    pub inner: Inner,
    pub rate: f32,
}

impl Deref for Outer {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

#[thunder]
impl Outer {
    pub fn own(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * self.rate * self.inner.width * self.width //~ width
    }
}

#[thunder]
pub fn field(x: &Tensor<f32, (N,)>, o: &Outer) -> Tensor<f32, (N,)> {
    x * o.rate + o.width //~ width
}

#[thunder]
pub fn method(x: &Tensor<f32, (N,)>, o: Outer) -> Tensor<f32, (N,)> {
    o.scaled(x) * o.half() //~ scaled //~ half
}

#[thunder]
pub struct Net {
    pub parts: Vec<Outer>,
    pub first: Option<Outer>,
    pub whole: Outer,
}

#[thunder]
impl Net {
    pub fn all(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut y = x * self.whole.width; //~ width
        for p in &self.parts {
            y = y * p.width; //~ width
        }
        if let Some(o) = &self.first {
            y = y + o.width; //~ width
        }
        let w = &self.whole;
        let k: f32 = self.parts.iter().map(|p| p.width).sum(); //~ width
        y * k * w.width //~ width
    }
}

fn main() {}
