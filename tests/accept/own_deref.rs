//! Own fields and methods of types that have a `Deref`.

use std::ops::{Deref, Range};
use thunder::prelude::*;

#[thunder]
pub struct Inner {
    pub width: f32,
    pub w: Tensor<f32, (N,)>,
}

#[thunder]
impl Inner {
    pub fn scaled(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * self.width
    }
}

#[thunder]
pub struct ByHand {
    pub inner: Inner,
    pub rate: f32,
}

impl Deref for ByHand {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

#[thunder]
impl ByHand {
    pub fn rated(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        self.inner.scaled(x) * self.rate
    }
}

#[thunder]
#[derive(Clone)]
pub struct Config {
    pub width: f32,
    pub depth: usize,
}

#[thunder]
pub fn own(x: &Tensor<f32, (N,)>, o: &ByHand) -> Tensor<f32, (N,)> {
    o.rated(x) * o.rate * o.inner.width + &o.inner.w
}

#[thunder]
pub fn boxed(x: &Tensor<f32, (N,)>, list: &[Config], o: Option<Config>) -> Tensor<f32, (N,)> {
    let r: Range<usize> = 0..list.len();
    let mut y = x * (r.end - r.start) as f32;
    for c in list {
        y = y * c.width;
    }
    match &o {
        Some(c) if c.depth > 1 => y * c.width,
        _ => y,
    }
}

#[thunder]
pub fn moved(net: ByHand, x: &Tensor<f32, (N,)>) -> ByHand {
    let inner = net.inner;
    let w = inner.w * x;
    ByHand { inner: Inner { width: inner.width, w }, rate: net.rate }
}

fn main() {
    let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    let inner = Inner { width: 2.0, w: x.clone() };
    let o = ByHand { inner, rate: 3.0 };
    assert_eq!(own(&x, &o).to_vec(), [37.0, 74.0]);
    let c = Config { width: 2.0, depth: 2 };
    assert_eq!(boxed(&x, &[c.clone(), c.clone()], Some(c)).to_vec(), [16.0, 32.0]);
    assert_eq!(moved(o, &x).inner.w.to_vec(), [1.0, 4.0]);
}
