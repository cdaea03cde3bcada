use thunder::prelude::*;

#[thunder]
pub struct Config {
    pub layers: usize,
}

#[thunder]
impl Config {
    pub fn len(&self) -> usize {
        self.layers
    }
}

// Of a method that bears the name of one of std's, the trace has no call.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    x * config.len() //~ len
}

fn main() {}
