// In one `mod` the macro sees both; between items apart, linking finds it.
use thunder::prelude::*;

#[thunder]
mod model {
    use thunder::prelude::*;

    pub fn even(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        odd(&x.exp()) //~ odd
    }

    pub fn odd(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        even(&x.log()) //~ even
    }
}

fn main() {}
