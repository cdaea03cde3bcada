use std::cell::Cell;
use thunder::prelude::*;

struct Settings;

impl Settings {
    fn len(&self) -> usize {
        std::env::var("WIDTH").map_or(1, |s| s.len())
    }
}

const SETTINGS: Settings = Settings;

thread_local! {
    static SCALE: Cell<f32> = const { Cell::new(1.0) };
}

#[thunder]
pub struct Config {
    pub layers: Vec<usize>,
}

impl Config {
    pub fn len(&self) -> usize {
        SETTINGS.len()
    }
}

#[thunder]
pub fn of_a_constant(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * SETTINGS.len() as f32 //~ len
}

#[thunder]
pub fn of_a_thread(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * SCALE.get() //~ get
}

// A name that std's methods have too: the type says whose it is.
#[thunder]
pub fn of_configuration(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    let depth = config.layers.len();
    x * (config.len() + depth) as f32 //~ len
}

fn main() {}
