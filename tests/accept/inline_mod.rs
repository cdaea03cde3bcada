use thunder::prelude::*;

#[thunder]
pub mod model {
    use thunder::prelude::*;

    pub const EPS: f32 = 1e-5;

    pub struct Norm {
        pub w: Tensor<f32, (C,)>,
    }

    impl Norm {
        pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
            normalise(x) * &self.w
        }
    }

    pub fn normalise(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let centred = x - x.mean_keepdim(-1);
        centred.clone() * (centred.square().mean_keepdim(-1) + EPS).rsqrt()
    }
}

fn main() {
    let norm = model::Norm { w: Tensor::ones((4,)) };
    assert_eq!(norm.forward(&Tensor::ones((2, 4))).to_vec(), vec![0.0; 8]);
    assert_eq!(model::normalise(&Tensor::ones((2, 4))).shape(), (2, 4));
}
