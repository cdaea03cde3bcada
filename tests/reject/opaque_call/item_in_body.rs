use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    fn twice(x: f32) -> f32 { //~ twice
        2.0 * x
    }
    struct Pair(f32, f32); //~ Pair
    x.exp()
}

fn main() {}
