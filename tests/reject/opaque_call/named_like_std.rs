use thunder::prelude::*;

#[thunder]
pub struct Config {
    pub layers: usize,
}

#[thunder]
impl Config {
    pub fn min(&self) -> usize {
        self.layers
    }
}

// Of a method that bears the name of one of std's, the trace has no call; but of `len`, `is_empty` and `contains`.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    x * config.min() //~ min
}

fn main() {}
