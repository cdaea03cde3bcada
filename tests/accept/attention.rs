use thunder::prelude::*;

#[thunder]
pub struct Linear<E: Float> {
    pub weight: Tensor<E, (Out, In)>,
    pub bias: Option<Tensor<E, (Out,)>>,
}

#[thunder]
impl<E: Float> Linear<E> {
    pub fn forward<S: Shape>(&self, x: &Tensor<E, (S, In)>) -> Tensor<E, (S, Out)> {
        x.linear(&self.weight, self.bias.as_ref())
    }
}

#[thunder]
pub struct Attention<E: Float> {
    pub qkv: Linear<E, Out = Dim<{ 3 * C }>, In = C>,
    pub proj: Linear<E, Out = C, In = C>,
    pub heads: Dim<H>,
    pub dropout: f32,
    pub training: bool,
}

#[thunder]
impl<E: Float> Attention<E> {
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let [q, k, v] = self.qkv.forward(x).chunk(3, -1);
        let [q, k, v] = [q, k, v].map(|t| t.rearrange(|b, t, (H, d)| (b, H, t, d)));
        let y = scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() });
        let y = self.proj.forward(&y.rearrange(|b, h, t, d| (b, t, (h, d))));
        if self.training { y.dropout(self.dropout, key) } else { y }
    }
}

fn linear(out: usize, width: usize) -> Linear<f32> {
    let weight = Tensor::randn((out, width), Key::new(out as u64));
    Linear { weight, bias: Some(Tensor::zeros((out,))) }
}

fn main() {
    let mut a = Attention { qkv: linear(12, 4), proj: linear(4, 4), heads: 2, dropout: 0.5, training: false };
    let x = Tensor::randn((2, 3, 4), Key::new(1));
    assert_eq!(a.forward(&x, Key::new(2)).shape(), (2, 3, 4));
    a.training = true;
    assert!(a.forward(&x, Key::new(2)).to_vec().contains(&0.0));
}
