//! The rows: functions of the language, and their operands.

use super::functions::*;
use std::time::Instant;
use thunder::optim::AdamW;
use thunder::prelude::*;

type Matrix<E = bf16> = Tensor<E, (usize, usize)>;
type Vector<E = bf16> = Tensor<E, (usize,)>;

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

/// Draws random operands on the device, each from a different key.
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

    /// The median time of `call`, over a number of runs that depends on its time.
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

/// A row of a function. Its arguments are made only if the row is selected, and dropped after it.
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

/// How an operand is passed to a call: tensors by reference, keys by value.
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

/// Measures all rows.
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

/// The optimiser's update, which overwrites its arguments.
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

/// The time that a call takes on the host, and the time until its result is ready.
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
