use thunder::prelude::*;

mod tools {
    pub fn twice(n: usize) -> usize {
        2 * n
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * tools::twice(N) //~ twice
}

fn main() {}
