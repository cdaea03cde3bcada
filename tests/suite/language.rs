//! The language end to end: functions, methods, structs and enums, run on the CPU.

use thunder::prelude::*;

type Matrix = Tensor<f32, (usize, usize)>;

fn matrix(rows: usize, cols: usize) -> Matrix {
    let data = (0..rows * cols).map(|i| (i as f32 * 0.7).sin()).collect();
    Tensor::from_vec(data, (rows, cols))
}

#[track_caller]
fn close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() < 1e-4 * y.abs().max(1.0), "{a:?} != {b:?}");
    }
}

/// Root mean square normalisation.
#[thunder]
pub fn rms_norm<E: Float>(x: &Tensor<E, (B, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, C)> {
    let x32 = x.cast::<f32>();
    let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
    assert!(C > 1, "{C} is too small for {B}");
    (x32 * scale).cast::<E>() * w
}

#[test]
fn a_function() {
    crate::device();
    let (x, w) = (matrix(2, 3), Tensor::from_vec(vec![1.0f32, 2.0, 3.0], (3,)));
    let y = rms_norm(&x, &w, 1e-6);
    let data = x.to_vec();
    let want: Vec<f32> = (0..6)
        .map(|i| {
            let row = &data[i / 3 * 3..i / 3 * 3 + 3];
            let rms = (row.iter().map(|v| v * v).sum::<f32>() / 3.0 + 1e-6).sqrt();
            data[i] / rms * (i % 3 + 1) as f32
        })
        .collect();
    close(&y.to_vec(), &want);
    assert!(rms_norm::explain(&x, &w, 1e-6).unwrap().full().to_string().contains("rsqrt"));
    let calls = thunder::explain(|| rms_norm(&rms_norm(&x, &w, 1e-6), &w, 1e-5)).unwrap();
    assert_eq!(
        calls.iter().map(|e| (e.function.as_str(), e.cached)).collect::<Vec<_>>(),
        [("rms_norm", true), ("rms_norm", false)]
    );
    assert_eq!(rms_norm::TRACE.holes, 0);
    let wrong = Tensor::from_vec(vec![1.0f32; 4], (4,));
    let e = rms_norm::call(&x, &wrong, 1e-6).unwrap_err();
    assert!(e.to_string().contains('C'), "{e}");
}

#[thunder]
pub struct Linear<E: Float> {
    pub weight: Tensor<E, (Out, In)>,
    pub bias: Option<Tensor<E, (Out,)>>,
}

#[thunder]
impl<E: Float> Linear<E> {
    pub fn forward(&self, x: &Tensor<E, (B, In)>) -> Tensor<E, (B, Out)> {
        x.linear(&self.weight, self.bias.as_ref())
    }
}

#[thunder]
#[derive(Debug)]
pub enum Act {
    Relu,
    Leaky { slope: f32 },
}

#[thunder]
impl Act {
    pub fn forward<E: Float>(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        match self {
            Act::Relu => x.relu(),
            Act::Leaky { slope } => select(x.gt(0.0), x, x * *slope),
        }
    }
}

#[thunder]
pub struct Mlp<E: Float> {
    pub up: Linear<E, Out = F, In = C>,
    pub down: Linear<E, Out = C, In = F>,
    pub act: Act,
    pub scale: f32,
    pub residual: bool,
}

#[thunder]
impl<E: Float> Mlp<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let h = self.act.forward(&self.up.forward(x));
        let y = self.down.forward(&h) * self.scale;
        if self.residual { y + x } else { y }
    }

    pub fn loss(&self, x: &Tensor<E, (B, C)>, y: &Tensor<E, (B, C)>) -> Scalar<E> {
        (self.forward(x) - y).square().mean(..)
    }
}

fn mlp(residual: bool, act: Act) -> Mlp<f32> {
    Mlp {
        up: Linear { weight: matrix(4, 3), bias: Some(Tensor::from_vec(vec![0.1, 0.2, 0.3, 0.4], (4,))) },
        down: Linear { weight: matrix(3, 4), bias: None },
        act,
        scale: 0.5,
        residual,
    }
}

fn mlp_by_hand(m: &Mlp<f32>, x: &[f32]) -> Vec<f32> {
    let (w1, b1, w2) = (m.up.weight.to_vec(), m.up.bias.as_ref().unwrap().to_vec(), m.down.weight.to_vec());
    let mut out = Vec::new();
    for row in x.chunks(3) {
        let h: Vec<f32> = (0..4)
            .map(|o| {
                let v = (0..3).map(|i| row[i] * w1[o * 3 + i]).sum::<f32>() + b1[o];
                match m.act {
                    Act::Relu => v.max(0.0),
                    Act::Leaky { slope } => {
                        if v > 0.0 {
                            v
                        } else {
                            v * slope
                        }
                    }
                }
            })
            .collect();
        for o in 0..3 {
            let y = (0..4).map(|i| h[i] * w2[o * 4 + i]).sum::<f32>() * m.scale;
            out.push(if m.residual { y + row[o] } else { y });
        }
    }
    out
}

#[test]
fn a_module() {
    crate::device();
    let x = matrix(2, 3);
    for residual in [true, false] {
        for act in [Act::Relu, Act::Leaky { slope: 0.1 }] {
            let m = mlp(residual, act);
            close(&m.forward(&x).to_vec(), &mlp_by_hand(&m, &x.to_vec()));
        }
    }
}

#[thunder]
pub fn step(m: Mlp<f32>, x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B, C)>) -> (Mlp<f32>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&m, |m| m.loss(x, y));
    let lr = 0.01;
    let up = Linear { weight: &m.up.weight - &grads.up.weight * lr, bias: m.up.bias.clone() };
    let new = Mlp { up, ..m };
    (new, loss)
}

#[test]
fn a_training_step() {
    crate::device();
    let (x, y) = (matrix(2, 3), matrix(2, 3));
    let (m, first) = step(mlp(false, Act::Relu), &x, &y);
    let (_, second) = step(m, &x, &y);
    assert!(second.item() < first.item(), "{} {}", first.item(), second.item());
}

#[thunder]
pub struct Stack<E: Float> {
    pub layers: Vec<Linear<E, Out = C, In = C>>,
    pub depth: usize,
}

#[thunder]
impl<E: Float> Stack<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let mut h = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            if i >= self.depth {
                break;
            }
            let y = layer.forward(&h);
            h = if i % 2 == 0 { y.relu() + h } else { y };
        }
        h
    }

    pub fn each(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (Dim<3>, B, C)> {
        let all: Vec<_> = self.layers.iter().map(|l| l.forward(x)).collect();
        stack(&all, 0)
    }

    pub fn folded(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.layers.iter().fold(x.clone(), |h, l| l.forward(&h))
    }

    pub fn pushed(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (_, C)> {
        let mut all = Vec::new();
        for l in &self.layers {
            all.push(l.forward(x));
        }
        cat(&all, 0)
    }
}

fn stack_of(n: usize, depth: usize) -> Stack<f32> {
    let layers = (0..n)
        .map(|i| Linear {
            weight: matrix(3, 3),
            bias: (i % 2 == 0).then(|| Tensor::from_vec(vec![i as f32; 3], (3,))),
        })
        .collect();
    Stack { layers, depth }
}

fn linear_by_hand(l: &Linear<f32>, x: &[f32]) -> Vec<f32> {
    let (w, b) = (l.weight.to_vec(), l.bias.as_ref().map(Tensor::to_vec));
    x.chunks(3)
        .flat_map(|row| {
            let (w, b) = (&w, &b);
            (0..3).map(move |o| {
                (0..3).map(|i| row[i] * w[o * 3 + i]).sum::<f32>() + b.as_ref().map_or(0.0, |b| b[o])
            })
        })
        .collect()
}

#[test]
fn loops() {
    crate::device();
    let x = matrix(2, 3);
    let s = stack_of(3, 2);
    let mut h = x.to_vec();
    for (i, l) in s.layers.iter().enumerate().take(2) {
        let y = linear_by_hand(l, &h);
        h = if i % 2 == 0 { y.iter().zip(&h).map(|(y, h)| y.max(0.0) + h).collect() } else { y };
    }
    close(&s.forward(&x).to_vec(), &h);
    let each: Vec<f32> = s.layers.iter().flat_map(|l| linear_by_hand(l, &x.to_vec())).collect();
    close(&s.each(&x).to_vec(), &each);
    close(&s.pushed(&x).to_vec(), &each);
    let folded = s.layers.iter().fold(x.to_vec(), |h, l| linear_by_hand(l, &h));
    close(&s.folded(&x).to_vec(), &folded);
}

#[thunder]
pub fn attention<E: Float>(
    x: &Tensor<E, (B, T, Dim<{ 3 * C }>)>,
    heads: &Tensor<E, (H,)>,
    c: &Tensor<E, (C,)>,
) -> Tensor<E, (B, T, C)> {
    let [q, k, v] = x.chunk(3, -1);
    let [q, k, v] = [q, k, v].map(|t| t.rearrange(|b, t, (H, d)| (b, H, t, d)));
    let y = scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() });
    let y: Tensor<E, (B, T, C)> = y.rearrange(|b, h, t, d| (b, t, (h, d)));
    let scores = einsum("bhqd,bhkd->bhqk", &q, k);
    let (b, t, _) = x.shape();
    assert!(b * t > 0);
    y + c + scores.sum(..) * 0.0 + heads.sum(..) * 0.0
}

#[test]
fn attention_and_einsum() {
    crate::device();
    let x = Tensor::<f32, _>::randn((2, 5, 12), Key::new(0));
    let y = attention(&x, &Tensor::zeros((2,)), &Tensor::zeros((4,)));
    assert_eq!(y.shape(), (2, 5, 4));
    // The first query sees only the first key: its result is the first value.
    close(&y.to_vec()[..4], &x.to_vec()[8..12]);
}

#[thunder]
pub fn lead<E: Float, S: Shape>(x: &Tensor<E, (S, C)>, w: &Tensor<E, (C,)>) -> Tensor<E, (S, C)> {
    x * w
}

#[thunder]
pub fn noise(x: &Tensor<f32, (B,)>, key: Key, n: usize) -> (Tensor<f32, (B,)>, Tensor<f32, (Dim<n>,)>) {
    let [a, b] = key.split();
    let mut k = a;
    for i in 0..n {
        k = k.fold_in(i);
    }
    (x.dropout(0.5, k), normal((n,), b))
}

#[test]
fn leading_dimensions_and_keys() {
    crate::device();
    let y = lead(&Tensor::<f32, _>::ones((2, 3, 4)), &Tensor::full(2.0, (4,)));
    close(&y.to_vec(), &[2.0; 24]);
    close(&lead(&Tensor::<f32, _>::ones((4,)), &Tensor::full(2.0, (4,))).to_vec(), &[2.0; 4]);
    let (a, b) = noise(&Tensor::ones((64,)), Key::new(1), 3);
    let (c, d) = noise(&Tensor::ones((64,)), Key::new(1), 3);
    assert_eq!(a.to_vec(), c.to_vec());
    assert_eq!(b.to_vec(), d.to_vec());
    assert!(a.to_vec().iter().all(|v| *v == 0.0 || *v == 2.0));
}

#[thunder]
pub fn calls(
    x: &Tensor<f32, (B, C)>,
    w: Option<&Tensor<f32, (C,)>>,
    xs: &[Tensor<f32, (B, C)>],
    mode: &str,
) -> Tensor<f32, (B, C)> {
    let y = match w {
        Some(w) => rms_norm(x, w, 1e-6),
        None => x.clone(),
    };
    let mut total = y;
    for x in xs {
        total = total + x;
    }
    if mode == "double" {
        return total * 2.0;
    }
    total
}

#[test]
fn options_slices_and_texts() {
    crate::device();
    let x = matrix(2, 3);
    let y = calls(&x, None, &[x.clone(), x.clone()], "double");
    close(&y.to_vec(), &x.to_vec().iter().map(|v| v * 6.0).collect::<Vec<_>>());
    let w = Tensor::ones((3,));
    let y = calls(&x, Some(&w), &[], "single");
    close(&y.to_vec(), &rms_norm(&x, &w, 1e-6).to_vec());
}

#[thunder]
pub fn transforms(x: &Tensor<f32, (B, C)>) -> (Tensor<f32, (B, C)>, Tensor<f32, (B,)>, Tensor<f32, (B, C)>) {
    let g = grad(x, |x| grad(x, |x| (x * x * x).sum(..)).sum(..));
    let rows = vmap(x, |row| row.square().sum(..));
    let (y, dy) = jvp(x, &g, |x| x.exp());
    let z = checkpoint(|| y.sin() + dy);
    (g, rows, z)
}

#[test]
fn transforms_nest() {
    crate::device();
    let x = matrix(2, 3);
    let (g, rows, _) = transforms(&x);
    close(&g.to_vec(), &x.to_vec().iter().map(|v| 6.0 * v).collect::<Vec<_>>());
    let want: Vec<f32> = x.to_vec().chunks(3).map(|r| r.iter().map(|v| v * v).sum()).collect();
    close(&rows.to_vec(), &want);
}

#[thunder]
pub fn losses(x: &Tensor<f32, (B, C)>, y: &Tensor<i64, (B,)>, mean: bool) -> (Scalar<f32>, Scalar<f32>) {
    let sum = x.cross_entropy(y, CrossEntropy { reduction: Reduction::Sum, ..Default::default() });
    let reduction = if mean { Reduction::Mean } else { Reduction::Sum };
    (sum, x.cross_entropy(y, CrossEntropy { reduction, ..Default::default() }))
}

#[test]
fn reductions_of_a_loss() {
    crate::device();
    let (x, y) = (matrix(2, 3), Tensor::from_vec(vec![0i64, 2], (2,)));
    let (sum, mean) = losses(&x, &y, true);
    close(&[sum.item()], &[2.0 * mean.item()]);
    let (sum, other) = losses(&x, &y, false);
    close(&[sum.item()], &[other.item()]);
}

#[thunder]
pub trait Layer {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>;

    fn around(
        &self,
        x: &Tensor<f32, (B, C)>,
        f: impl Fn(&Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>,
    ) -> Tensor<f32, (B, C)> {
        f(&self.forward(&f(x)))
    }
}

#[thunder]
impl Layer for Act {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        Act::forward(self, x)
    }
}

#[thunder]
pub fn between<L: Layer>(
    layer: &L,
    x: &Tensor<f32, (B, C)>,
    w: Option<&Tensor<f32, (C,)>>,
) -> Tensor<f32, (B, C)> {
    let y = layer.around(x, |h| w.map_or(h.neg(), |w| h * w));
    w.map(|w| &y + w).unwrap_or(y)
}

#[test]
fn traits_closures_and_options() {
    crate::device();
    let x = Tensor::from_vec(vec![1.0f32, -2.0], (1, 2));
    let w = Tensor::from_vec(vec![2.0f32, 3.0], (2,));
    let act = Act::Leaky { slope: 0.5 };
    close(&between(&act, &x, Some(&w)).to_vec(), &[6.0, -6.0]);
    close(&between(&act, &x, None).to_vec(), &[0.5, -2.0]);
    assert_eq!(between::TRACE.holes, 0);
}

/// A value of each kind, an arm, an iteration and a transform.
#[thunder]
fn shown(x: &Tensor<f32, (B, C)>, w: &Tensor<f32, (C,)>, n: usize, scale: Option<f32>) -> Scalar<f32> {
    let mut h = if n > 1 { rms_norm(x, w, 1e-6) } else { x.relu() };
    for _ in 0..n {
        h = h.exp();
    }
    let g = grad(w, |w| (&h * w).sum(..));
    assert!(scale.is_none());
    g.sum(..)
}

#[test]
fn a_trace_prints_as_text() {
    let text = rms_norm::TRACE.to_string();
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    let (said, place) = head.split_once("   # lowered from ").unwrap();
    assert_eq!(said, "trace rms_norm(x: E[B, C], w: E[C], eps: f32) -> E[B, C]");
    let (file, line) = place.rsplit_once(':').unwrap();
    assert!(file.ends_with("language.rs"), "{file}");
    // Each line ends with its source line; here, with the number of lines below the first.
    let line: u32 = line.parse().unwrap();
    let below = |l: &str| match l.split_once("# :") {
        Some((code, at)) => format!("{} +{}", code.trim_end(), at.parse::<u32>().unwrap() - line),
        None => l.to_string(),
    };
    let body: Vec<String> = lines.map(below).collect();
    assert_eq!(
        body,
        [
            "  v3: f32[B, C] = cast x, elem=f32 +1",
            "  v4: f32[B, C] = square v3 +2",
            "  v5: f32[B, 1] = mean v4, axes=[-1], keepdim=true +2",
            "  v6: f32[B, 1] = add v5, _ +2",
            "  v7: f32[B, 1] = rsqrt v6 +2",
            "  v8: f32[B, C] = mul v3, v7 +4",
            "  v9: E[B, C] = cast v8, elem=_ +4",
            "  v10: E[B, C] = mul v9, w +4",
            "  return v10",
        ]
    );
}

#[test]
fn a_trace_prints_what_it_holds_and_what_it_calls() {
    let text = shown::TRACE.to_string();
    for part in [
        "scale: f32?",
        "choice #0:",
        "or #0:",
        "repeat #",
        " = rms_norm(x, w, 1e-6)",
        " = grad w |",
        "    give v",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
    assert!(!text.contains("trace rms_norm"));
    let whole = format!("{:#}", shown::TRACE);
    assert!(whole.contains("\n      trace rms_norm(x: E[B, C], w: E[C], eps: f32)"), "{whole}");
}

#[thunder]
fn mapped(l: &thunder::nn::Linear<f32>, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    l.forward(x)
}

#[thunder]
fn halves(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let n = x.shape().0;
    x.reshape((n / 2, 2)).sum(1)
}

#[thunder]
fn twice(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (K,)>, Tensor<f32, (K,)>) {
    let n = x.shape().0;
    (x.reshape((n / 2, 2)).sum(1), x.reshape((n / 4, 4)).sum(1))
}

#[thunder]
fn of_halves(x: &Tensor<f32, (N,)>) -> Scalar<f32> {
    halves(x).sum(..)
}

/// A wrong declaration of a result that only linking can detect is refused there.
#[test]
fn a_declared_result_is_held_to_its_signature() {
    crate::device();
    let linear = thunder::nn::Linear::<f32>::new(4, 8, false, Key::new(0));
    let x = matrix(2, 4);
    let error = mapped::call(&linear, &x).expect_err("8 is not C").to_string();
    assert!(error.contains("declared (B, C) with B = 2, C = 4, and has shape (2, 8)"), "{error}");
    let square = thunder::nn::Linear::<f32>::new(4, 4, false, Key::new(0));
    assert_eq!(mapped(&square, &x).shape(), (2, 4));

    let v = Tensor::<f32, _>::ones((4,));
    let error = halves::call(&v).expect_err("half of N is not N").to_string();
    assert!(error.contains("declared (N,) with N = 4, and has shape (2,)"), "{error}");
    assert!(error.contains("language.rs:"), "{error}");
    let error = of_halves::call(&v).expect_err("also where it is called").to_string();
    assert!(error.contains("`halves`"), "{error}");
    let error = twice::call(&v).expect_err("K is one extent").to_string();
    assert!(error.contains("declared (K,) with K = 2, and has shape (1,)"), "{error}");
}

#[thunder]
fn drawn_each(i: &Tensor<i64, (N,)>, key: Key) -> Tensor<f32, (N, Dim<1>)> {
    vmap(i, |i| uniform((1,), key.fold_in(i)))
}

#[thunder]
fn normals_each(i: &Tensor<i64, (N,)>, key: Key) -> Tensor<f32, (N, Dim<3>)> {
    vmap(i, |i| normal((3,), key.fold_in(i)))
}

#[thunder]
fn kept_each(i: &Tensor<i64, (N,)>, x: &Tensor<f32, (C,)>, key: Key) -> Tensor<f32, (N, C)> {
    vmap(i, |i| x.dropout(0.5, key.fold_in(i)))
}

#[thunder]
fn chosen_each(i: &Tensor<i64, (N,)>, key: Key) -> Tensor<bool, (N, Dim<40>)> {
    vmap(i, |i| bernoulli((40,), 0.5, key.fold_in(i)))
}

#[thunder]
fn drawn(i: &Scalar<i64>, key: Key) -> Tensor<f32, (Dim<1>,)> {
    uniform((1,), key.fold_in(i))
}

#[thunder]
fn normals(i: &Scalar<i64>, key: Key) -> Tensor<f32, (Dim<3>,)> {
    normal((3,), key.fold_in(i))
}

#[thunder]
fn kept(i: &Scalar<i64>, x: &Tensor<f32, (C,)>, key: Key) -> Tensor<f32, (C,)> {
    x.dropout(0.5, key.fold_in(i))
}

#[thunder]
fn chosen(i: &Scalar<i64>, key: Key) -> Tensor<bool, (Dim<40>,)> {
    bernoulli((40,), 0.5, key.fold_in(i))
}

/// Each example draws from its own key, which is an element in the middle of a tensor of keys.
#[test]
fn mapped_keys_draw_their_own_numbers() {
    crate::device();
    let (key, n) = (Key::new(0), 4);
    let i = Tensor::from_vec((0..n as i64).collect(), (n,));
    let x = Tensor::from_vec(vec![1.0f32; 50], (50,));
    let first = drawn_each(&i, key).to_vec();
    close(&first[..2], &[0.9196, 0.8422]);
    let (z, y, c) =
        (normals_each(&i, key).to_vec(), kept_each(&i, &x, key).to_vec(), chosen_each(&i, key).to_vec());
    for k in 0..n {
        let i = Scalar::from(k as i64);
        assert_eq!(first[k], drawn(&i, key).to_vec()[0]);
        assert_eq!(z[3 * k..3 * k + 3], normals(&i, key).to_vec());
        assert_eq!(y[50 * k..50 * k + 50], kept(&i, &x, key).to_vec());
        assert_eq!(c[40 * k..40 * k + 40], chosen(&i, key).to_vec());
    }
}
