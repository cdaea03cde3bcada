//! Measures the first call of a function up to the compilation of kernels: linking, each pass, and the plan. Also counts
//! the launches and the bytes that they move. Nothing runs and no device is needed: operands have types but no memory. `cargo bench --bench passes`; `ONLY=gpt2_12,adamw_124m` chooses rows, `PASSES=1` adds each pass's time,
//! `LAUNCHES=1` every launch, `NOTES=1` what was not fused.

#[path = "kernels/functions.rs"]
mod functions;
#[path = "../examples/train_gpt/step.rs"]
#[allow(dead_code)]
mod step;

use functions::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use thunder::nn::{Attention, Block, Dropout, Embedding, Gpt, LayerNorm, Linear, Mlp, RmsNorm};
use thunder::optim::{AdamW, clip_grad_norm};
use thunder::prelude::*;
use thunder_core::exec::{self, Backend, Buffer, Executable, Memory, Report, StepReport};
use thunder_core::item::Options;
use thunder_core::kernel::region::NodeKind;
use thunder_core::kernel::target::{Gpu, Target};
use thunder_core::op::Op;
use thunder_core::tensor::RawTensor;
use thunder_core::trace::{Kind, Trace};
use thunder_core::types::{Ty, TyRef};

/// A buffer without memory.
struct Nowhere(usize);

impl Memory for Nowhere {
    fn bytes(&self) -> usize {
        self.0
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// A device that plans and never runs: a GPU that has only the library's matrix products.
struct Planner;

/// The time of the plan of the last function.
static PLANNING: Mutex<Duration> = Mutex::new(Duration::ZERO);

impl Backend for Planner {
    fn name(&self) -> String {
        "planner".into()
    }
    fn target(&self) -> Target {
        Target::Gpu(Gpu::H100)
    }
    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error> {
        Ok(Arc::new(Nowhere(bytes.len())))
    }
    fn download(&self, _: &Buffer, out: &mut [u8]) -> Result<(), Error> {
        out.fill(0);
        Ok(())
    }
    #[cfg(feature = "cuda")]
    fn claims(&self, op: &Op, args: &[Ty]) -> bool {
        thunder_cuda::codegen::claims(op, args)
    }
    #[cfg(not(feature = "cuda"))]
    fn claims(&self, _: &Op, _: &[Ty]) -> bool {
        false
    }
    fn compile(&self, trace: &Trace, donated: &[bool], _: Options) -> Result<Arc<dyn Executable>, Error> {
        let start = Instant::now();
        #[cfg(feature = "cuda")]
        let plan = exec::plan(trace, donated, thunder_cuda::codegen::writes)?;
        #[cfg(not(feature = "cuda"))]
        let plan = exec::plan(trace, donated, |_, _| true)?;
        *PLANNING.lock().expect("one thread") = start.elapsed();
        let steps = plan.steps.iter().map(|s| step_report(trace, s)).collect();
        let sizes = trace.body.results.iter().map(|&r| trace.ty(r).bytes()).collect();
        Ok(Arc::new(Planned { report: plan.report(steps), sizes }))
    }
}

struct Planned {
    report: Report,
    /// The size of each result in bytes.
    sizes: Vec<usize>,
}

impl Executable for Planned {
    fn run(&self, _: &mut Vec<exec::Arg>) -> Result<Vec<Buffer>, Error> {
        Ok(self.sizes.iter().map(|&bytes| Arc::new(Nowhere(bytes)) as Buffer).collect())
    }
    fn report(&self) -> Report {
        self.report.clone()
    }
}

fn step_report(trace: &Trace, step: &exec::Step) -> StepReport {
    let (name, source) = match &step.work {
        exec::Work::Loop(nest) => {
            let ops = nest.region.nodes.iter().filter_map(|n| match n.kind {
                NodeKind::Op(op) => Some(op.name().to_string()),
                NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => Some(format!("{fold:?}")),
                _ => None,
            });
            (format!("{:?}", nest.region.walk), ops.collect::<Vec<_>>().join(" "))
        }
        exec::Work::Op(inst) => match trace.data(*inst).kind {
            Kind::Op(op) => (op.name().to_string(), String::new()),
            _ => ("?".into(), String::new()),
        },
    };
    StepReport {
        name,
        results: step.results(),
        source,
        line: step.work.line(trace),
        bytes: step.bytes(),
        flops: 0,
    }
}

/// Tensors without memory.
#[derive(Clone, Copy)]
struct Draw(Device);

impl Draw {
    fn of<E: Element, S: Shape>(self, sizes: &[usize]) -> Tensor<E, S> {
        let ty = Ty::of(E::DTYPE, sizes);
        let buffer = Arc::new(Nowhere(ty.bytes()));
        Tensor::from_raw(RawTensor::Concrete { buffer, ty: TyRef::new(ty), device: self.0 })
    }
    fn matrix<E: Element>(self, m: usize, n: usize) -> Tensor<E, (usize, usize)> {
        self.of(&[m, n])
    }
    fn vector<E: Element>(self, n: usize) -> Tensor<E, (usize,)> {
        self.of(&[n])
    }
    fn block<E: Element>(self, sizes: [usize; 4]) -> Tensor<E, (usize, usize, usize, usize)> {
        self.of(&sizes)
    }
    fn linear<E: Float>(self, inputs: usize, outputs: usize) -> Linear<E> {
        Linear { weight: self.matrix(outputs, inputs), bias: Some(self.vector(outputs)) }
    }
    fn norm<E: Float>(self, width: usize) -> LayerNorm<E> {
        LayerNorm { weight: self.vector(width), bias: Some(self.vector(width)), eps: 1e-5 }
    }

    /// GPT-2, which has 124 million parameters with 12 layers.
    fn gpt2(self, layers: usize, p: f32) -> Gpt<f32> {
        let c = 768;
        let dropout = || Dropout { p, training: p > 0.0 };
        let block = |_| Block {
            norm1: self.norm(c),
            attention: Attention {
                qkv: self.linear(c, 3 * c),
                proj: self.linear(c, c),
                heads: 12,
                dropout: dropout(),
            },
            norm2: self.norm(c),
            mlp: Mlp {
                up: self.linear(c, 4 * c),
                down: self.linear(4 * c, c),
                gelu_tanh: true,
                dropout: dropout(),
            },
        };
        Gpt {
            tokens: Embedding { weight: self.matrix(50304, c) },
            positions: Embedding { weight: self.matrix(1024, c) },
            dropout: dropout(),
            blocks: (0..layers).map(block).collect(),
            norm: self.norm(c),
        }
    }

    /// Llama 3.2, which has a billion parameters with 16 layers.
    fn llama<E: Float>(self, layers: usize) -> Llama<E> {
        let (c, q, k, f) = (2048, 2048, 512, 8192);
        let norm = || RmsNorm { weight: self.vector(c), eps: 1e-5 };
        let layer = |_| LlamaLayer {
            norm1: norm(),
            q: self.matrix(q, c),
            k: self.matrix(k, c),
            v: self.matrix(k, c),
            o: self.matrix(c, q),
            norm2: norm(),
            gate: self.matrix(f, c),
            up: self.matrix(f, c),
            down: self.matrix(c, f),
            heads: 32,
            shared: 8,
        };
        Llama { tokens: self.matrix(128_256, c), layers: (0..layers).map(layer).collect(), norm: norm() }
    }

    /// The parameters of GPT-2, for the optimiser's row.
    fn weights(self) -> Weights {
        let (c, vectors) = (768, [768, 768, 2304, 768, 768, 768, 3072, 768]);
        let block = [(3 * c, c), (c, c), (4 * c, c), (c, 4 * c)];
        let matrices = [(50304, c), (1024, c)].into_iter().chain((0..12).flat_map(|_| block));
        let vectors = (0..12).flat_map(|_| vectors).chain([c, c]);
        Weights {
            matrices: matrices.map(|(m, n)| self.matrix(m, n)).collect(),
            vectors: vectors.map(|n| self.vector(n)).collect(),
        }
    }
}

/// A layer of Llama 3: grouped heads, rotary positions, a gated feed-forward part.
#[thunder]
struct LlamaLayer<E: Float> {
    norm1: RmsNorm<E, C = C>,
    q: Tensor<E, (Q, C)>,
    k: Tensor<E, (K, C)>,
    v: Tensor<E, (K, C)>,
    o: Tensor<E, (C, Q)>,
    norm2: RmsNorm<E, C = C>,
    gate: Tensor<E, (F, C)>,
    up: Tensor<E, (F, C)>,
    down: Tensor<E, (C, F)>,
    heads: Dim<H>,
    shared: Dim<G>,
}

#[thunder]
impl<E: Float> LlamaLayer<E> {
    fn forward(
        &self,
        x: &Tensor<E, (B, T, C)>,
        cos: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
        sin: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
    ) -> Tensor<E, (B, T, C)> {
        let h = self.norm1.forward(x);
        let q = h.linear(&self.q, None).rearrange(|b, t, (H, d)| (b, t, H, d));
        let k = h.linear(&self.k, None).rearrange(|b, t, (G, d)| (b, t, G, d));
        let v = h.linear(&self.v, None).rearrange(|b, t, (G, d)| (b, G, t, d));
        let (q, k) = rope(&q, &k, cos, sin);
        let (q, k) = (q.transpose(1, 2), k.transpose(1, 2));
        let y = scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() });
        let x = x + y.rearrange(|b, h, t, d| (b, t, (h, d))).linear(&self.o, None);
        let h = self.norm2.forward(&x);
        &x + (h.linear(&self.gate, None).silu() * h.linear(&self.up, None)).linear(&self.down, None)
    }
}

#[thunder]
struct Llama<E: Float> {
    tokens: Tensor<E, (V, C)>,
    layers: Vec<LlamaLayer<E, C = C>>,
    norm: RmsNorm<E, C = C>,
}

#[thunder]
impl<E: Float> Llama<E> {
    fn loss(
        &self,
        tokens: &Tensor<i64, (B, T)>,
        targets: &Tensor<i64, (B, T)>,
        cos: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
        sin: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
    ) -> Scalar<f32> {
        let mut x = embedding(tokens, &self.tokens);
        for layer in &self.layers {
            x = layer.forward(&x, cos, sin);
        }
        let logits = self.norm.forward(&x).linear(&self.tokens, None).cast::<f32>();
        cross_entropy(&logits, targets, CrossEntropy::default())
    }
}

#[thunder]
fn llama_step(
    model: Llama<bf16>,
    opt: AdamW<Llama<bf16>>,
    lr: &Scalar<f32>,
    tokens: &Tensor<i64, (B, T)>,
    targets: &Tensor<i64, (B, T)>,
    cos: &Tensor<bf16, (Dim<1>, T, Dim<1>, D)>,
    sin: &Tensor<bf16, (Dim<1>, T, Dim<1>, D)>,
) -> (Llama<bf16>, AdamW<Llama<bf16>>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&model, |m| m.loss(tokens, targets, cos, sin));
    let (grads, _norm) = clip_grad_norm(grads, 1.0);
    let (model, opt) = opt.update(model, grads, lr);
    (model, opt, loss)
}

fn asked(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// Prints a row of a function.
fn row(name: &str, explain: impl Fn() -> Result<thunder::Explanation, Error>) -> Result<(), Error> {
    if std::env::var("ONLY").is_ok_and(|list| list.split(',').all(|n| n != name)) {
        return Ok(());
    }
    let repeats = std::env::var("REPEATS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut best: Option<(Duration, thunder::Explanation, Duration)> = None;
    for _ in 0..repeats {
        let e = explain()?;
        let all: Duration = e.stages.iter().skip(1).map(|s| s.time).sum();
        if best.as_ref().is_none_or(|b| all < b.0) {
            best = Some((all, e, *PLANNING.lock().expect("one thread")));
        }
    }
    let Some((passes, e, plan)) = best else { return Ok(()) };
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let bytes: usize = e.report.steps.iter().map(|s| s.bytes).sum();
    println!(
        "{name:<20} {:>5} launches {:>10.1} MB, peak {:>8.1} MB; link {:>7.1} ms, passes {:>7.1} ms, plan {:>6.1} ms",
        e.report.steps.len(),
        bytes as f64 / 1e6,
        e.report.peak_bytes as f64 / 1e6,
        ms(e.stages[0].time),
        ms(passes),
        ms(plan)
    );
    if asked("PASSES") {
        for s in &e.stages[1..] {
            println!("    {:<16} {:>8.2} ms  {:>6} lines", s.name, ms(s.time), s.trace.lines().count());
        }
    }
    if asked("LAUNCHES") {
        for s in &e.report.steps {
            println!("    {:<24} {:>12} B {} | {} | {}", s.name, s.bytes, s.results, s.line, s.source);
        }
    }
    if asked("NOTES") {
        for (note, times) in e.not_fused() {
            println!("    {times:>5} x {note}");
        }
    }
    Ok(())
}

fn main() -> Result<(), Error> {
    // `cargo test` runs benches too, to check that they work.
    let quick = std::env::args().all(|a| a != "--bench");
    let device = Device::register(Arc::new(Planner));
    device.set_default();
    let d = Draw(device);
    micro(d)?;
    for layers in if quick { vec![2] } else { vec![12, 100] } {
        for (kind, p) in [("gpt2", 0.0), ("gpt2_dropout", 0.1)] {
            let model = d.gpt2(layers, p);
            let opt = AdamW { m: d.gpt2(layers, p), v: d.gpt2(layers, p), ..AdamW::new(&d.gpt2(0, p))? };
            let (tokens, lr) = (d.matrix::<i64>(16, 1024), d.of::<f32, ()>(&[]));
            row(&format!("{kind}_{layers}"), || {
                step::train_step::explain(&model, &opt, &lr, &tokens, &tokens, Key::new(0), true)
            })?;
        }
    }
    let layers = if quick { 1 } else { 16 };
    let model = d.llama::<bf16>(layers);
    let opt = AdamW { m: d.llama(layers), v: d.llama(layers), ..AdamW::new(&d.llama::<bf16>(0))? };
    let (tokens, lr) = (d.matrix::<i64>(4, 2048), d.of::<f32, ()>(&[]));
    let turn = d.block::<bf16>([1, 2048, 1, 64]);
    row(&format!("llama_{layers}"), || llama_step::explain(&model, &opt, &lr, &tokens, &tokens, &turn, &turn))
}

/// The rows of `benches/kernels`.
fn micro(d: Draw) -> Result<(), Error> {
    let big = || d.matrix::<bf16>(16384, 3072);
    let wide = || d.matrix::<bf16>(8192, 4096);
    let tall = || d.matrix::<bf16>(65536, 768);
    let v = |n| d.vector::<bf16>(n);
    row("bias_gelu_fwd", || bias_gelu::explain(&big(), &v(3072)))?;
    row("bias_gelu_bwd", || bias_gelu_bwd::explain(&big(), &v(3072), &big()))?;
    row("add_rmsnorm_fwd", || add_rmsnorm::explain(&wide(), &wide(), &v(4096)))?;
    row("add_rmsnorm_bwd", || add_rmsnorm_bwd::explain(&wide(), &v(4096), &wide(), &wide()))?;
    row("layernorm_fwd", || layernorm::explain(&tall(), &v(768), &v(768)))?;
    row("layernorm_bwd", || layernorm_bwd::explain(&tall(), &v(768), &v(768), &tall()))?;
    row("softmax_fwd", || softmax::explain(&d.matrix(131_072, 1024)))?;
    let (scores, mask) = (d.block([8, 16, 1024, 1024]), d.block([8, 1, 1, 1024]));
    row("softmax_mask_drop", || softmax_mask_drop::explain(&scores, &mask, Key::new(0)))?;
    let (logits, targets) = (d.matrix(8192, 50304), d.vector(8192));
    row("ce_fwd", || ce::explain(&logits, &targets))?;
    row("ce_fwdbwd", || ce_fwdbwd::explain(&logits, &targets))?;
    let (x, w) = (d.matrix(16384, 768), d.matrix(50304, 768));
    row("linear_ce_fwdbwd", || linear_ce_fwdbwd::explain(&x, &w, &d.vector(16384)))?;
    let square = || d.matrix::<bf16>(8192, 8192);
    row("swiglu_fwd", || swiglu::explain(&square(), &square()))?;
    row("swiglu_bwd", || swiglu_bwd::explain(&square(), &square(), &square()))?;
    let heads = |h| d.block::<bf16>([8, 4096, h, 64]);
    let turn = d.block([1, 4096, 1, 64]);
    row("rope_fwd", || rope::explain(&heads(32), &heads(8), &turn, &turn))?;
    row("transpose_gelu_add", || transpose_gelu_add::explain(&square(), &square()))?;
    row("colsum", || colsum::explain(&d.matrix(65536, 4096)))?;
    row("linear_bias_gelu", || linear_bias_gelu::explain(&x, &d.matrix(3072, 768), &v(3072)))?;
    let (gate, down) = (d.matrix(14336, 4096), d.matrix(4096, 14336));
    row("mlp_b1", || mlp::explain(&d.matrix(1, 4096), &gate, &gate, &down))?;
    let (weights, lr) = (d.weights(), d.of::<f32, ()>(&[]));
    let opt = AdamW {
        m: d.weights(),
        v: d.weights(),
        ..AdamW::new(&Weights { matrices: Vec::new(), vectors: Vec::new() })?
    };
    row("adamw_124m", || adamw::explain(&weights, &opt, &weights, &lr))
}
