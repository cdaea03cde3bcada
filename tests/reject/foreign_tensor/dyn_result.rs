use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Box<dyn Module> { //~ dyn Module
    Box::new(x.clone())
}

fn main() {}
