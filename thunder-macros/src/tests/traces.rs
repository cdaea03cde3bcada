use super::{method, same, trace};

#[test]
fn a_function() {
    let got = trace(
        "fn rms_norm<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, T, C)> {
            let x32 = x.cast::<f32>();
            let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
            (x32 * scale).cast::<E>() * w
        }",
    );
    same(
        &got,
        "trace rms_norm(x: E[B, T, C], w: E[C], eps: f32) -> E[B, T, C]
           v3: f32[B, T, C] = cast x, elem=f32                   # :2
           v4: f32[B, T, C] = square v3                           # :3
           v5: f32[B, T, 1] = mean v4, axes=[-1], keepdim=true    # :3
           v6: f32[B, T, 1] = add v5, _                           # :3
           v7: f32[B, T, 1] = rsqrt v6                            # :3
           v8: f32[B, T, C] = mul v3, v7                          # :4
           v9: E[B, T, C] = cast v8, elem=_                       # :4
           v10: E[B, T, C] = mul v9, w                           # :4
           return v10",
    );
}

#[test]
fn a_method_with_a_static_branch() {
    let got = method(
        "impl<E: Float> Attention<E> {
            fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
                let [q, k, v] = self.qkv.forward(x).chunk(3, -1);
                let y = self.proj.forward(&q.rearrange(|b, h, t, d| (b, t, (h, d))));
                if self.training { y.dropout(self.dropout, key) } else { y }
            }
        }",
    );
    same(
        &got,
        "trace forward(&self, x: E[B, T, C], key: key) -> E[B, T, C]
           v3 = self.qkv
           v4 = _::forward(v3, x)                                # :3
           v5 = chunk v4, n=3, axis=-1, index=0                   # :3
           v6 = chunk v4, n=3, axis=-1, index=1                   # :3
           v7 = chunk v4, n=3, axis=-1, index=2                   # :3
           v8 = self.proj
           v9: _[_, _, _] = rearrange v5, pattern=|a, b, c, d| (a, c, (b, d)) # :4
           v10 = _::forward(v8, v9)                               # :4
           v11 = self.training
           choice #0:
             v12 = self.dropout
             v13 = dropout v10, key, p=_                           # :5
             v14 := v13
           or #0:
             v14 := v10
           return v14",
    );
}

#[test]
fn a_loop_carries_what_it_assigns() {
    let got = method(
        "impl<E: Float> Gpt<E> {
            fn forward(&self, x: &Tensor<E, (B, C)>, key: Key) -> Tensor<E, (B, C)> {
                let mut h = x.clone();
                let mut n = 0;
                for (i, block) in self.blocks.iter().enumerate() {
                    h = block.forward(&h, key.fold_in(i));
                    if i == 3 { h = h.relu(); }
                    n += 1;
                }
                h
            }
        }",
    );
    same(
        &got,
        "trace forward(&self, x: E[B, C], key: key) -> E[B, C]
           v3 = self.blocks
           v4 := x
           repeat #0:
             v5 = v3[#0]
             v6: u32[2] = fold_in key, _                           # :6
             v7 = _::forward(v5, v4, v6)                          # :6
             choice #1:
               v8 = relu v7                                       # :7
               v9 := v8
             or #1:
               v9 := v7
             v4 := v9
           return v4",
    );
}

#[test]
fn names_swapped_in_a_loop_are_saved_first() {
    let got = trace(
        "fn f(a: Tensor<f32, (B,)>, b: Tensor<f32, (B,)>, n: usize) -> (Tensor<f32, (B,)>, Tensor<f32, (B,)>) {
            let (mut x, mut y) = (a, b);
            for _ in 0..n {
                (x, y) = (y, x.exp());
            }
            (x, y)
        }",
    );
    same(
        &got,
        "trace f(a: f32[B], b: f32[B], n: usize) -> (f32[B], f32[B])
           v3: f32[B] := a
           v4: f32[B] := b
           repeat #0:
             v5: f32[B] = exp v3                                  # :4
             v6: f32[B] := v4
             v3: f32[B] := v6
             v4: f32[B] := v5
           v7 = {.0: v3, .1: v4}
           return v7",
    );
}

#[test]
fn an_extent_that_changes_in_a_loop_is_not_known_after_it() {
    let got = trace(
        "fn f(x: &Tensor<f32, (B, C)>, n: usize) -> Tensor<f32, (_, C)> {
            let mut h = x.clone();
            for _ in 0..n { h = cat(&[h, x.clone()], 0); }
            h
        }",
    );
    same(
        &got,
        "trace f(x: f32[B, C], n: usize) -> f32[_, C]
           v2: f32[_, C] := x
           repeat #0:
             v3: f32[_, C] = cat v2, x, axis=0                   # :3
             v2: f32[_, C] := v3
           return v2",
    );
}

#[test]
fn lists_and_iterators() {
    let got = method(
        "impl Stack {
            fn f(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (_, C)> {
                let a: Vec<_> = self.layers.iter().zip(&self.others).map(|(l, o)| l.forward(&o.forward(x))).collect();
                let mut b = Vec::new();
                for l in &self.layers { b.push(l.forward(x)); }
                stack(&a, 0) + stack(&b, 0) + self.layers.iter().fold(x.clone(), |h, l| l.forward(&h))
            }
        }",
    );
    same(
        &got,
        "trace f(&self, x: f32[C]) -> f32[_, C]
           v2 = self.layers
           v3 = self.others
           v4 = {}
           repeat #0:
             v5 = v2[#0]
             v6 = v3[#0]
             v7 = _::forward(v6, x)                              # :3
             v8 = _::forward(v5, v7)                              # :3
             v4[+] = v8
           v9 = {}
           v10 = self.layers
           repeat #1:
             v11 = v10[#1]
             v12 = _::forward(v11, x)                            # :5
             v9[+] = v12
           v13 = stack v4, axis=0                                 # :6
           v14 = stack v9, axis=0                                 # :6
           v15 = add v13, v14                                     # :6
           v16 = self.layers
           v17 := x
           repeat #2:
             v18 = v16[#2]
             v19 = _::forward(v18, v17)                           # :6
             v17 := v19
           v20 = add v15, v17                                     # :6
           return v20",
    );
}

#[test]
fn transforms_are_regions() {
    let got = trace(
        "fn step(model: Gpt<bf16>, opt: AdamW<Gpt<bf16>>, lr: &Scalar<f32>, x: &Tensor<i64, (B, T)>, key: Key)
            -> (Gpt<bf16>, AdamW<Gpt<bf16>>, Scalar<f32>) {
            let (loss, grads) = value_and_grad(&model, |m| m.loss(x, key));
            let (model, opt) = opt.update(model, grads, lr);
            (model, opt, loss)
        }",
    );
    same(
        &got,
        "trace step(model: Gpt, opt: AdamW, lr: f32[], x: i64[B, T], key: key) -> (Gpt, AdamW, f32[])
           v7 = value_and_grad model |v5|                            # :3
             v6 = _::loss(v5, x, key)                             # :3
             give v6
           v8 = v7.0
           v9 = v7.1
           v10 = _::update(opt, model, v9, lr)                        # :4
           v11 = v10.0
           v12 = v10.1
           v13 = {.0: v11, .1: v12, .2: v8}
           return v13",
    );
}

#[test]
fn optional_operands_and_closures() {
    let got = trace(
        "fn f(x: &Tensor<f32, (B, C)>, w: Option<&Tensor<f32, (C,)>>) -> Tensor<f32, (B, C)> {
            let double = |t: &Tensor<f32, (B, C)>| t * 2.0;
            let y = x.rms_norm(w, 1e-6);
            let z = w.map(|w| x + w);
            let y = if let Some(w) = w { y + w } else { y };
            double(&double(&y)).maximum(0.0)
        }",
    );
    same(
        &got,
        "trace f(x: f32[B, C], w: f32[C]?) -> f32[B, C]
           v2: f32[B, C] = rms_norm x, w, eps=1e-6, weight=_    # :3
           v3: f32[B, C] := _
           v4: f32[B, C] := v3
           repeat #0:
             v5: f32[B, C] = add x, w                           # :4
             v4: f32[B, C] := v5
           choice #1:
             v6: f32[B, C] = add v2, w                           # :5
             v7: f32[B, C] := v6
           or #1:
             v7: f32[B, C] := v2
           v8: f32[B, C] = mul v7, 2.0                            # :2
           v9: f32[B, C] = mul v8, 2.0                            # :2
           v10: f32[B, C] = maximum v9, 0.0                       # :6
           return v10",
    );
}

#[test]
fn errors_come_all_at_once_and_breed_none() {
    let got = trace(
        "fn bad<E: Float>(x: &Tensor<E, (B, T, C)>, b: &Tensor<E, (T,)>) -> Tensor<E, (B, T, C)> {
            let y = x + b;
            let z = x.softmaxx(-1);
            if x.sum(..) > 0.0 { return y; }
            x.sum(5);
            println!(\"a\");
            y + z
        }",
    );
    let first_lines: Vec<&str> =
        got.lines().filter(|l| !l.is_empty() && !l.starts_with("       help")).collect();
    assert_eq!(
        first_lines,
        [
            "`add`: shapes (B, T, C) and (T,) do not broadcast: nothing says that C equals T",
            "unknown operation: a tensor has no `softmaxx`",
            "a branch on a tensor value: `if` decides while tracing, when a tensor holds nothing yet",
            "`sum`: axis 5 is out of range for (B, T, C): axes go from -3 to 2",
            "a side effect: `println!` in a trace; it would happen once, while tracing, and never again",
        ]
    );
}

#[test]
fn closures_are_given_and_called() {
    same(
        &trace(
            "fn apply(x: &Tensor<f32, (C,)>, f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (K,)>) -> Tensor<f32, (K,)> {
                grad(x, |x| f(x).sum(..));
                f(x)
            }",
        ),
        "trace apply(x: f32[C], f: closure) -> f32[K]
           v5: f32[C] = grad x |v2: f32[C]|                      # :2
             v3: f32[K] = f(v2)                                  # :2
             v4: f32[] = sum v3, axes=all, keepdim=false          # :2
             give v4
           v6: f32[K] = f(x)                                    # :3
           return v6",
    );
    same(
        &trace(
            "fn twice<F: Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>>(x: &Tensor<f32, (C,)>, f: F) -> Tensor<f32, (C,)> {
                let y = x.exp();
                apply(x, |t| f(t) * &y)
            }",
        ),
        "trace twice(x: f32[C], f: closure) -> f32[C]
           v2: f32[C] = exp x                                    # :2
           v6 = closure |v3|
             v4: f32[C] = f(v3)                                  # :3
             v5: f32[C] = mul v4, v2                              # :3
             give v5
           v7 = apply(x, v6)                                     # :3
           return v7",
    );
}
