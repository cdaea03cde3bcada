use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub on: Tensor<bool, ()>,
}

// What the fields hold, only rustc knows; the comparison is the condition.
#[thunder]
impl Layer {
    pub fn compared(&self) -> Tensor<f32, (N,)> {
        if self.w.sum(..) > 0.0 { self.w.exp() } else { self.w.log() } //~ >
    }

    pub fn joined(&self, n: usize) -> Tensor<f32, (N,)> {
        if n > 2 && !self.on { self.w.exp() } else { self.w.log() } //~ !
    }

    pub fn asserted(&self) -> Tensor<f32, (N,)> {
        assert!(self.w.mean(..) < 1.0, "not centred"); //~ <
        self.w.exp()
    }
}

fn main() {}
