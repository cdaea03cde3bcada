use super::expand;

#[test]
fn show() {
    println!("{}", expand("/// Doc.\npub fn rms_norm<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, T, C)> {
        let x32 = x.cast::<f32>();
        let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
        assert!(C > 3, \"{C} too small\");
        (x32 * scale).cast::<E>() * w
    }"));
    println!("{}", expand("pub struct Attention<E: Float> {
    pub qkv: Linear<E, Out = { 3 * C }, In = C>,
    pub proj: Linear<E, Out = C, In = C>,
    pub heads: Dim<H>,
    #[buffer] pub b: Option<Tensor<E, (H,)>>,
    pub dropout: f32,
    pub training: bool,
}"));
    println!("{}", expand("impl<E: Float> Attention<E> {
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let [q, k, v] = self.qkv.forward(x).chunk(3, -1);
        let [q, k, v] = [q, k, v].map(|t| t.rearrange(|b, t, (H, d)| (b, H, t, d)));
        let y = scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() });
        let y = self.proj.forward(&y.rearrange(|b, h, t, d| (b, t, (h, d))));
        if self.training { y.dropout(self.dropout, key) } else { y }
    }
}"));
    println!("{}", expand("enum Act<M: Module> { Relu, Linear(M), Scaled { by: f32 } }"));
}
