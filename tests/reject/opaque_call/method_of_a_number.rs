use thunder::prelude::*;

trait Len {
    fn len(&self) -> usize;
}

impl Len for f32 {
    fn len(&self) -> usize {
        std::env::args().count()
    }
}

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub scale: f32,
}

// The name is std's, and no number has such a method of std's.
#[thunder]
impl Layer {
    pub fn of_a_field(&self) -> Tensor<f32, (N,)> {
        &self.w * self.scale.len() //~ len
    }
}

#[thunder]
fn of_a_parameter(x: &Tensor<f32, (N,)>, s: f32) -> Tensor<f32, (N,)> {
    x * s.len() * s.abs() //~ len
}

fn main() {}
