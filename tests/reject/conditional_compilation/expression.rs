use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    #[cfg(feature = "fast")] //~ #[cfg(feature = "fast")]
    {
        x.exp()
    }
    #[cfg(not(feature = "fast"))] //~ #[cfg(not(feature = "fast"))]
    {
        x.log()
    }
}

fn main() {}
