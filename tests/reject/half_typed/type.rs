use thunder::prelude::*;

#[thunder]
pub struct Scale {
    pub weight: Tensor<f32>, //~ Tensor
    pub rate: f32,
}

#[thunder]
impl Scale {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x * &self.weight * self.rate
    }
}

#[thunder]
fn short(x: &Tensor, y: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> { //~ Tensor
    x + y
}

fn main() {
    let s = Scale { weight: Tensor::ones((2,)), rate: 1.0 };
    println!("{:?}", s.forward(&Tensor::ones((1, 2))).to_vec());
    short(&Tensor::<f32, _>::ones((1, 2)), &Tensor::ones((1, 2)));
}
