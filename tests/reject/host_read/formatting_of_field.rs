use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub n: usize,
}

// What the fields hold, only rustc knows; what is captured is formatted like what is given.
#[thunder]
impl Layer {
    pub fn given(&self) -> Tensor<f32, (N,)> {
        assert!(self.n > 0, "{} of {:?}", self.n, self.w); //~ self.w
        self.w.exp()
    }

    pub fn captured(&self) -> Tensor<f32, (N,)> {
        let (n, w) = (self.n, &self.w);
        assert!(n > 0, "{n} of {w:?}"); //~ "{n} of {w:?}"
        debug_assert!(n > 1, "{n} of {t:?}", t = w); //~ w
        self.w.exp()
    }
}

// A list of tensors holds nothing yet either.
#[thunder]
fn of_a_list(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let parts = [x.exp(), x.log()];
    assert!(N > 0, "{parts:?}"); //~ "{parts:?}"
    x.exp()
}

fn main() {}
