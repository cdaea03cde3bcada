use thunder::prelude::*;
use thunder::thunder;

#[thunder]
pub fn rms_norm<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, T, C)> {
    let x32 = x.cast::<f32>();
    let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
    (x32 * scale).cast::<E>() * w
}

#[thunder]
#[derive(Debug)]
pub struct Linear<E: Float> {
    pub weight: Tensor<E, (Out, In)>,
    pub bias: Option<Tensor<E, (Out,)>>,
}

#[thunder]
impl<E: Float> Linear<E> {
    pub fn forward(&self, x: &Tensor<E, (B, In)>) -> Tensor<E, (B, Out)> {
        let y = x.matmul(self.weight.t());
        if let Some(b) = &self.bias { y + b } else { y }
    }
}

#[thunder]
pub struct Mlp {
    up: Linear<f32, Out = F, In = C>,
    down: Vec<Linear<f32, Out = C, In = F>>,
}

#[thunder]
impl Mlp {
    pub fn loss(&self, x: &Tensor<f32, (B, C)>) -> Scalar<f32> {
        let mut h = self.up.forward(x).relu();
        for d in &self.down {
            h = d.forward(&h);
        }
        h.square().mean(..)
    }
}

#[thunder]
pub fn step(m: Mlp, x: &Tensor<f32, (B, C)>, lr: &Scalar<f32>) -> (Mlp, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&m, |m| m.loss(x));
    let (m, _) = zip_map((&m, &grads), |_, (p, g)| {
        let q = &p - &g * lr.cast_like(&p);
        (q, g)
    });
    (m, loss)
}

#[test]
fn runs() {
    let x = Tensor::<f32, _>::randn((2, 3, 4), Key::new(0));
    let w = Tensor::ones((4,));
    let y = rms_norm(&x, &w, 1e-6);
    println!("{y:?}");
    println!("{}", rms_norm::explain(&x, &w, 1e-6).unwrap());
    let lin =
        |o, i, k| Linear { weight: Tensor::randn((o, i), Key::new(k)), bias: Some(Tensor::zeros((o,))) };
    let mut m = Mlp { up: lin(8, 4, 1), down: vec![lin(4, 8, 2)] };
    let x = Tensor::<f32, _>::randn((5, 4), Key::new(3));
    let lr = Scalar::from(0.01f32);
    let mut last = 0.0;
    for i in 0..20 {
        let loss;
        (m, loss) = step(m, &x, &lr);
        last = loss.item();
        if i % 5 == 0 {
            println!("{}", last);
        }
    }
    assert!(last.is_finite());
}
