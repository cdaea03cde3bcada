use thunder::nn::Linear;
use thunder::optim::AdamW;
use thunder::prelude::*;

#[thunder]
pub struct Mlp<E: Float> {
    pub up: Linear<E, Out = F, In = C>,
    pub ra
    pub rate: f32, //~ pub
}

#[thunder]
impl<E: Float> Mlp<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, _)> {
        self.up.forward(x) * self.rate
    }
}

#[thunder]
pub struct Net<E: Float> {
    pub layers: Vec<Mlp<E>>,
}

#[thunder]
fn step(m: Mlp<f32>, opt: AdamW<Mlp<f32>>, lr: &Scalar<f32>, x: &Tensor<f32, (B, C)>) -> (Mlp<f32>, AdamW<Mlp<f32>>) {
    let grads = grad(&m, |m| m.forward(x).sum(..));
    opt.update(m, grads, lr)
}

fn main() {
    let m = Mlp { up: Linear::new(2, 2, true, Key::new(0)), rate: 1.0 };
    let opt = AdamW::new(&m).unwrap();
    let (m, _) = step(m, opt, &Scalar::from(0.1), &Tensor::ones((1, 2)));
    println!("{}", m.rate);
}
