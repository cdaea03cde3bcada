use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (C,)>,
    #[cfg(unix)] //~ #[cfg(unix)]
    pub b: Tensor<f32, (C,)>,
}

fn main() {}
