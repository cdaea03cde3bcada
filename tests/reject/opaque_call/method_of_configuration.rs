use thunder::prelude::*;

// Methods of numbers and of configuration that are neither std's nor the language's.
trait Twice {
    fn twice(&self) -> usize;
}

impl Twice for usize {
    fn twice(&self) -> usize {
        self * 2
    }
}

#[thunder]
#[derive(Clone, Copy)]
pub enum Act {
    Relu,
    Gelu,
}

impl Act {
    fn slope(&self) -> f32 {
        2.0
    }
}

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub act: Act,
    pub n: usize,
}

#[thunder]
impl Layer {
    pub fn of_fields(&self) -> Tensor<f32, (N,)> {
        &self.w * self.act.slope() * self.n.twice() //~ slope //~ twice
    }

    pub fn of_parameters(&self, act: Act) -> Tensor<f32, (N,)> {
        &self.w * act.slope() //~ slope
    }
}

#[thunder]
fn of_numbers(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    x * n.twice() * N.twice() //~ twice //~ twice
}

fn main() {}
