//! The rows: functions of the language, and their operands.

use std::time::Instant;
use thunder::optim::AdamW;
use thunder::prelude::*;

type Matrix<E = bf16> = Tensor<E, (usize, usize)>;
type Vector<E = bf16> = Tensor<E, (usize,)>;

#[thunder]
fn bias_gelu(x: &Tensor<bf16, (M, N)>, b: &Tensor<bf16, (N,)>) -> Tensor<bf16, (M, N)> {
    (x + b).gelu_tanh()
}

#[thunder]
fn bias_gelu_bwd(
    x: &Tensor<bf16, (M, N)>,
    b: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(&(x.clone(), b.clone()), |p| bias_gelu(&p.0, &p.1), dy);
    grads
}

#[thunder]
fn add_rmsnorm(
    x: &Tensor<bf16, (M, N)>,
    r: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (M, N)>) {
    let h = x + r;
    (h.rms_norm(Some(w), 1e-5), h)
}

/// From the sum, which the forward pass gives.
#[thunder]
fn add_rmsnorm_bwd(
    h: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
    dh: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(
        &(h.clone(), w.clone()),
        |p| (p.0.rms_norm(Some(&p.1), 1e-5), p.0.clone()),
        &(dy.clone(), dh.clone()),
    );
    grads
}

#[thunder]
fn layernorm(
    x: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    b: &Tensor<bf16, (N,)>,
) -> Tensor<bf16, (M, N)> {
    x.layer_norm(Some(w), Some(b), 1e-5)
}

#[thunder]
fn layernorm_bwd(
    x: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    b: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(&(x.clone(), w.clone(), b.clone()), |p| layernorm(&p.0, &p.1, &p.2), dy);
    grads
}

#[thunder]
fn softmax(x: &Tensor<bf16, (M, N)>) -> Tensor<bf16, (M, N)> {
    x.softmax(-1)
}

#[thunder]
fn softmax_mask_drop(
    s: &Tensor<bf16, (B, H, Q, K)>,
    mask: &Tensor<bf16, (B, Dim<1>, Dim<1>, K)>,
    key: Key,
) -> Tensor<bf16, (B, H, Q, K)> {
    (s * 0.125 + mask).softmax(-1).dropout(0.1, key)
}

#[thunder]
fn ce(logits: &Tensor<bf16, (M, V)>, targets: &Tensor<i64, (M,)>) -> Scalar<f32> {
    cross_entropy(&logits.cast::<f32>(), targets, CrossEntropy::default())
}

#[thunder]
fn ce_fwdbwd(logits: &Tensor<bf16, (M, V)>, targets: &Tensor<i64, (M,)>) -> Tensor<bf16, (M, V)> {
    grad(logits, |l| ce(l, targets))
}

#[thunder]
fn linear_ce_fwdbwd(
    x: &Tensor<bf16, (M, C)>,
    w: &Tensor<bf16, (V, C)>,
    targets: &Tensor<i64, (M,)>,
) -> (Tensor<bf16, (M, C)>, Tensor<bf16, (V, C)>) {
    grad(&(x.clone(), w.clone()), |p| ce(&p.0.linear(&p.1, None), targets))
}

#[thunder]
fn swiglu(g: &Tensor<bf16, (M, N)>, u: &Tensor<bf16, (M, N)>) -> Tensor<bf16, (M, N)> {
    g.silu() * u
}

#[thunder]
fn swiglu_bwd(
    g: &Tensor<bf16, (M, N)>,
    u: &Tensor<bf16, (M, N)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (M, N)>) {
    let (_, grads) = vjp(&(g.clone(), u.clone()), |p| swiglu(&p.0, &p.1), dy);
    grads
}

#[thunder]
fn turned(x: &Tensor<bf16, (B, T, H, D)>) -> Tensor<bf16, (B, T, H, D)> {
    let [a, b] = x.chunk(2, -1);
    cat([-b, a], -1)
}

#[thunder]
fn rope(
    q: &Tensor<bf16, (B, T, Q, D)>,
    k: &Tensor<bf16, (B, T, K, D)>,
    cos: &Tensor<bf16, (Dim<1>, T, Dim<1>, D)>,
    sin: &Tensor<bf16, (Dim<1>, T, Dim<1>, D)>,
) -> (Tensor<bf16, (B, T, Q, D)>, Tensor<bf16, (B, T, K, D)>) {
    (q * cos + turned(q) * sin, k * cos + turned(k) * sin)
}

#[thunder]
fn transpose_gelu_add(x: &Tensor<bf16, (M, N)>, z: &Tensor<bf16, (N, M)>) -> Tensor<bf16, (N, M)> {
    z + x.gelu_tanh().t()
}

#[thunder]
fn colsum(x: &Tensor<bf16, (M, N)>) -> Tensor<f32, (N,)> {
    x.cast::<f32>().sum(0)
}

#[thunder]
fn linear_bias_gelu(
    x: &Tensor<bf16, (M, C)>,
    w: &Tensor<bf16, (F, C)>,
    b: &Tensor<bf16, (F,)>,
) -> Tensor<bf16, (M, F)> {
    x.linear(w, Some(b)).gelu_tanh()
}

#[thunder]
fn mlp(
    x: &Tensor<bf16, (B, C)>,
    gate: &Tensor<bf16, (F, C)>,
    up: &Tensor<bf16, (F, C)>,
    down: &Tensor<bf16, (C, F)>,
) -> Tensor<bf16, (B, C)> {
    (x.linear(gate, None).silu() * x.linear(up, None)).linear(down, None)
}

/// The parameters of GPT-2 with 124 million.
#[thunder]
#[derive(Clone)]
struct Weights {
    matrices: Vec<Tensor<f32, (_, _)>>,
    vectors: Vec<Tensor<f32, (_,)>>,
}

#[thunder]
fn adamw(
    weights: Weights,
    opt: AdamW<Weights>,
    grads: &Weights,
    lr: &Scalar<f32>,
) -> (Weights, AdamW<Weights>) {
    opt.update(weights, grads.clone(), lr)
}

#[thunder]
fn tiny(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    (x * 2.0 + 1.0).gelu()
}

#[thunder]
fn normal2(m: usize, n: usize, scale: f32, key: Key) -> Tensor<bf16, (_, _)> {
    (normal::<f32, _>((m, n), key) * scale).cast::<bf16>()
}

#[thunder]
fn masters(m: usize, n: usize, key: Key) -> Tensor<f32, (_, _)> {
    normal::<f32, _>((m, n), key) * 0.02
}

#[thunder]
fn normal4(shape: [usize; 4], key: Key) -> Tensor<bf16, (_, _, _, _)> {
    normal::<f32, _>((shape[0], shape[1], shape[2], shape[3]), key).cast::<bf16>()
}

#[thunder]
fn normal1(n: usize, key: Key) -> Tensor<bf16, (_,)> {
    normal::<f32, _>((n,), key).cast::<bf16>()
}

#[thunder]
fn classes(m: usize, count: usize, key: Key) -> Tensor<i64, (_,)> {
    (uniform::<f32, _>((m,), key) * count).floor().cast::<i64>()
}

/// Draws operands on the device, each from a key of its own.
struct Draw(usize);

impl Draw {
    fn key(&mut self) -> Key {
        self.0 += 1;
        Key::new(0).fold_in(self.0)
    }

    fn vector(&mut self, n: usize) -> Vector {
        normal1(n, self.key())
    }

    fn matrix(&mut self, m: usize, n: usize) -> Matrix {
        self.spread(m, n, 1.0)
    }

    fn spread(&mut self, m: usize, n: usize, scale: f32) -> Matrix {
        normal2(m, n, scale, self.key())
    }

    fn block(&mut self, shape: [usize; 4]) -> Tensor<bf16, (usize, usize, usize, usize)> {
        normal4(shape, self.key())
    }

    fn classes(&mut self, m: usize, count: usize) -> Vector<i64> {
        classes(m, count, self.key())
    }

    /// GPT-2's shapes.
    fn weights(&mut self) -> Weights {
        let (c, vectors) = (768, [768, 768, 2304, 768, 768, 768, 3072, 768]);
        let block = [(3 * c, c), (c, c), (4 * c, c), (c, 4 * c)];
        let matrices = [(50304, c), (1024, c)].into_iter().chain((0..12).flat_map(|_| block));
        let vectors = (0..12).flat_map(|_| vectors).chain([c, c]);
        Weights {
            matrices: matrices.map(|(m, n)| masters(m, n, self.key())).collect(),
            vectors: vectors.map(|n| Tensor::ones((n,))).collect(),
        }
    }
}

struct Bench {
    timer: thunder_cuda::Timer,
    only: Option<Vec<String>>,
}

impl Bench {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|list| list.iter().any(|n| n == name))
    }

    /// Times `call`, the median over as many runs as its time allows.
    fn row(
        &self,
        name: &str,
        launches: usize,
        mut call: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let once = self.timer.median(3, &mut call)?;
        let repeats = (60.0 / once.max(0.5)).clamp(8.0, 60.0) as usize;
        println!("row {name} {:.5} {launches}", self.timer.median(repeats, call)?);
        Ok(())
    }
}

/// A row of a function: its arguments are made where the row is wanted, and dropped after it.
macro_rules! row {
    ($bench:ident, $name:literal, $f:ident($($value:expr),*)) => {
        if $bench.wants($name) {
            row!(@call $bench, $name, $f, [$($value),*], [a b c d e], []);
        }
    };
    (@call $bench:ident, $name:literal, $f:ident, [$value:expr $(, $more:expr)*], [$id:ident $($ids:ident)*], [$($done:ident)*]) => {
        let $id = $value;
        row!(@call $bench, $name, $f, [$($more),*], [$($ids)*], [$($done)* $id]);
    };
    (@call $bench:ident, $name:literal, $f:ident, [], [$($ids:ident)*], [$($done:ident)*]) => {
        let launches = $f::explain($($done.argument()),*)?.report.steps.len();
        $bench.row($name, launches, || $f::call($($done.argument()),*).map(|_| ()).map_err(Error::from))?;
    };
}

/// How an operand is given to a call: tensors by reference, keys as they are.
trait Operand {
    type As<'a>
    where
        Self: 'a;
    fn argument(&self) -> Self::As<'_>;
}

impl<E: Element, S: Shape> Operand for Tensor<E, S> {
    type As<'a>
        = &'a Self
    where
        Self: 'a;
    fn argument(&self) -> &Self {
        self
    }
}

impl Operand for Key {
    type As<'a> = Key;
    fn argument(&self) -> Key {
        *self
    }
}

/// Times all rows.
pub fn run() -> Result<(), Error> {
    Device::try_cuda(0)?.set_default();
    println!("# thunder {} on {}", env!("CARGO_PKG_VERSION"), thunder_cuda::model(0)?);
    let only = std::env::var("ONLY").ok().map(|list| list.split(',').map(String::from).collect());
    let b = Bench { timer: thunder_cuda::timer(0)?, only };
    let mut d = Draw(0);
    row!(b, "bias_gelu_fwd", bias_gelu(d.matrix(16384, 3072), d.vector(3072)));
    row!(b, "bias_gelu_bwd", bias_gelu_bwd(d.matrix(16384, 3072), d.vector(3072), d.matrix(16384, 3072)));
    row!(b, "add_rmsnorm_fwd", add_rmsnorm(d.matrix(8192, 4096), d.matrix(8192, 4096), d.vector(4096)));
    row!(
        b,
        "add_rmsnorm_bwd",
        add_rmsnorm_bwd(d.matrix(8192, 4096), d.vector(4096), d.matrix(8192, 4096), d.matrix(8192, 4096))
    );
    row!(b, "layernorm_fwd", layernorm(d.matrix(65536, 768), d.vector(768), d.vector(768)));
    row!(
        b,
        "layernorm_bwd",
        layernorm_bwd(d.matrix(65536, 768), d.vector(768), d.vector(768), d.matrix(65536, 768))
    );
    row!(b, "softmax_fwd", softmax(d.matrix(131_072, 1024)));
    row!(
        b,
        "softmax_mask_drop",
        softmax_mask_drop(d.block([8, 16, 1024, 1024]), d.block([8, 1, 1, 1024]), d.key())
    );
    row!(b, "ce_fwd", ce(d.matrix(8192, 50304), d.classes(8192, 50304)));
    row!(b, "ce_fwdbwd", ce_fwdbwd(d.matrix(8192, 50304), d.classes(8192, 50304)));
    row!(
        b,
        "linear_ce_fwdbwd",
        linear_ce_fwdbwd(d.matrix(16384, 768), d.spread(50304, 768, 0.02), d.classes(16384, 50304))
    );
    row!(b, "swiglu_fwd", swiglu(d.matrix(8192, 8192), d.matrix(8192, 8192)));
    row!(b, "swiglu_bwd", swiglu_bwd(d.matrix(8192, 8192), d.matrix(8192, 8192), d.matrix(8192, 8192)));
    row!(
        b,
        "rope_fwd",
        rope(
            d.block([8, 4096, 32, 64]),
            d.block([8, 4096, 8, 64]),
            d.block([1, 4096, 1, 64]),
            d.block([1, 4096, 1, 64])
        )
    );
    row!(b, "transpose_gelu_add", transpose_gelu_add(d.matrix(8192, 8192), d.matrix(8192, 8192)));
    row!(b, "colsum", colsum(d.matrix(65536, 4096)));
    row!(
        b,
        "linear_bias_gelu",
        linear_bias_gelu(d.matrix(16384, 768), d.spread(3072, 768, 0.03), d.vector(3072))
    );
    row!(
        b,
        "mlp_b1",
        mlp(
            d.matrix(1, 4096),
            d.spread(14336, 4096, 0.02),
            d.spread(14336, 4096, 0.02),
            d.spread(4096, 14336, 0.01)
        )
    );
    if b.wants("adamw_124m") {
        update(&b, &mut d)?;
    }
    overhead()
}

/// The optimiser's update, which writes over what it is given.
fn update(b: &Bench, d: &mut Draw) -> Result<(), Error> {
    let (weights, grads, lr) = (d.weights(), d.weights(), Scalar::from(1e-4));
    let opt = AdamW::new(&weights)?;
    let launches = adamw::explain(&weights, &opt, &grads, &lr)?.report.steps.len();
    let mut state = Some((weights, opt));
    b.row("adamw_124m", launches, || {
        let (weights, opt) = state.take().expect("the last call gave it back");
        state = Some(adamw::call(weights, opt, &grads, &lr).map_err(Error::from)?);
        Ok(())
    })
}

/// What a call costs the host, and until its result is there.
fn overhead() -> Result<(), Error> {
    let x = Tensor::<f32, _>::randn((1024,), Key::new(0));
    let call = || tiny::call(&x).map_err(Error::from);
    for _ in 0..50 {
        call()?.try_to_vec()?;
    }
    let (start, n) = (Instant::now(), 2000);
    for _ in 0..n {
        call()?;
    }
    println!("overhead us_per_call {:.2}", start.elapsed().as_secs_f64() / f64::from(n) * 1e6);
    Ok(())
}
