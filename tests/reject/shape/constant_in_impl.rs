use thunder::prelude::*;

const K: usize = 3;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N, C)>,
}

// In an `impl` a short name is a dimension of the type.
#[thunder]
impl Layer {
    pub fn tiled(&self) -> Tensor<f32, (Dim<{ K * N }>, C)> { //~ K
        let list = vec![self.w.clone(); K];
        cat(&list, 0)
    }
}

fn main() {}
