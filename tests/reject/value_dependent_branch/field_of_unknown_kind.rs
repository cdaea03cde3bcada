use thunder::prelude::*;

// Whether `gate` is a `bool` or a tensor, only rustc knows here.
#[thunder]
struct Gated {
    gate: Tensor<bool, ()>,
}

#[thunder]
impl Gated {
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        if self.gate { x.exp() } else { x.log() } //~ self.gate
    }
}

fn main() {}
