use super::{method, same, trace};

#[test]
fn show() {
    println!("{}", trace("fn rms_norm<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, T, C)> {
        let x32 = x.cast::<f32>();
        let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
        (x32 * scale).cast::<E>() * w
    }"));
    println!("{}", method("impl<E: Float> Attention<E> {
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let [q, k, v] = self.qkv.forward(x).chunk(3, -1);
        let [q, k, v] = [q, k, v].map(|t| t.rearrange(|b, t, (H, d)| (b, H, t, d)));
        let y = scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() });
        let y = self.proj.forward(&y.rearrange(|b, h, t, d| (b, t, (h, d))));
        if self.training { y.dropout(self.dropout, key) } else { y }
    }
}"));
    println!("{}", method("impl<E: Float> Gpt<E> {
    pub fn forward(&self, ids: &Tensor<i64, (B, T)>, key: Key) -> Tensor<E, (B, T, V)> {
        let mut h = self.embed.forward(ids);
        let mut n = 0;
        for (i, block) in self.blocks.iter().enumerate() {
            h = block.forward(&h, key.fold_in(i));
            if i == 3 { h = h.relu(); }
            n += 1;
        }
        let outs: Vec<_> = self.heads.iter().map(|l| l.forward(&h)).collect();
        if let Some(b) = &self.bias { h = h + b; }
        let z = cat(&outs, 0);
        let (a, b) = value_and_grad(&h, |h| h.sum(..));
        let g: Tensor<E, (B, T, V)> = h.linear(&self.w, self.bias.as_ref()) + z;
        g * a
    }
}"));
    println!("{}", trace("fn step(model: Gpt<bf16>, opt: AdamW<Gpt<bf16>>, lr: &Scalar<f32>, tokens: &Tensor<i64, (B, T)>, key: Key) -> (Gpt<bf16>, AdamW<Gpt<bf16>>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&model, |m| m.loss(tokens, key));
    let (grads, _norm) = clip_grad_norm(grads, 1.0);
    let (model, opt) = opt.update(model, grads, lr);
    (model, opt, loss)
}"));
    println!("{}", trace("fn bad<E: Float>(x: &Tensor<E, (B, T, C)>, b: &Tensor<E, (T,)>) -> Tensor<E, (B, T, C)> {
    let y = x + b;
    let z = x.softmaxx(-1);
    if x.sum(..) > 0.0 { return y; }
    x.sum(5);
    println!(\"a\");
    y + z
}"));
    same("a", "a");
}
