use thunder::prelude::*;

pub trait Extra {
    fn twice(&self) -> Self;
}

impl Extra for Tensor<f32, (usize,)> {
    fn twice(&self) -> Self {
        self.clone()
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.twice() //~ twice
}

fn main() {}
