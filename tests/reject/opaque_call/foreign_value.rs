use std::ops::Add;
use thunder::prelude::*;

#[derive(Default)]
pub struct Settings {
    pub rate: f32,
}

pub struct Pair(f32, f32);

impl Settings {
    pub const FAST: Settings = Settings { rate: 2.0 };
}

impl Add<f32> for Settings {
    type Output = f32;

    fn add(self, _: f32) -> f32 {
        std::env::args().count() as f32
    }
}

const SETTINGS: Settings = Settings::FAST;

// What the operators of such a type do, the trace does not see.
#[thunder]
fn of_a_constant(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * (SETTINGS + 1.0) //~ SETTINGS
}

#[thunder]
fn of_a_type(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * (Settings::FAST + 1.0) //~ Settings
}

#[thunder]
fn made(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let p = Pair(1.0, 2.0); //~ Pair
    x * (Settings { rate: 1.0 } + 1.0) * p.0 //~ Settings
}

#[thunder]
fn by_default(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let s: Settings = Default::default(); //~ default
    x * (s + 1.0)
}

fn main() {}
