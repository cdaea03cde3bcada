// Types that are neither std's nor `#[thunder]`, reached through std's traits: alone, in lists and by generics.
use std::str::FromStr;
use thunder::prelude::*;

fn hidden() -> f32 {
    std::env::args().count() as f32
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Settings {
    pub rate: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { rate: hidden() }
    }
}

impl FromStr for Settings {
    type Err = String;

    fn from_str(_: &str) -> Result<Self, String> {
        Ok(Settings::default())
    }
}

impl From<usize> for Settings {
    fn from(_: usize) -> Self {
        Settings::default()
    }
}

impl FromIterator<usize> for Settings {
    fn from_iter<I: IntoIterator<Item = usize>>(_: I) -> Self {
        Settings::default()
    }
}

impl std::ops::Index<usize> for Settings {
    type Output = f32;

    fn index(&self, _: usize) -> &f32 {
        &self.rate
    }
}

const TABLE: [Settings; 2] = [Settings { rate: 1.0 }; 2];

#[thunder]
fn defaults(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a: Settings = Default::default(); //~ default
    let b: Vec<Settings> = vec![Default::default()]; //~ default
    let c = None.unwrap_or_default(); //~ unwrap_or_default
    let d: Settings = c;
    let e = Settings::default(); //~ default
    x * (a.rate + b[0].rate + d.rate + e.rate)
}

#[thunder]
fn conversions(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a: Settings = 3usize.into(); //~ into
    let b = "1".parse::<Settings>().unwrap(); //~ parse
    let c: Settings = (0..N).collect(); //~ collect
    let d = Settings::from(3); //~ from
    let e: Vec<Settings> = (0..N).map(|i| i.into()).collect(); //~ into
    x * (a.rate + b.rate + c.rate + d.rate + e[0].rate)
}

#[thunder]
fn in_a_constant(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * TABLE[0][1] //~ TABLE
}

#[thunder]
fn of_a_generic<T: Default + Module>(x: &Tensor<f32, (N,)>, t: &T) -> (Tensor<f32, (N,)>, T) {
    let other = T::default(); //~ default
    (x.clone(), other)
}

fn main() {}
