//! Times one whole training step of a small character GPT with candle on the CPU.
//!
//! The model is nanoGPT's published CPU recipe: 4 layers, 4 heads, width 128, context 64,
//! batch 12, vocabulary 65, no dropout, no biases, tied embedding, GELU in its erf form.
//! A step is: forward, loss, backward, clip of the global gradient norm to 1.0, AdamW.
//! Everything is f32. A batch is random tokens, drawn anew for each step, outside the clock.
//!
//! Prints one line, as in
//!     candle 0.11.1: 12.3 ms/step, 62,439 tokens/s
//! Lines that start with '#' are remarks.
//!
//! candle's own fused softmax and layer norm have no backward pass, so both are spelled out
//! here in differentiable operations, as `candle_nn` does when a model is trained.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var, D};
use candle_nn::{AdamW, LayerNorm, Linear, Module, Optimizer, ParamsAdamW};
use std::time::Instant;

const CANDLE: &str = "0.11.1";
const LAYERS: usize = 4;
const HEADS: usize = 4;
const WIDTH: usize = 128;
const CONTEXT: usize = 64;
const BATCH: usize = 12;
const VOCAB: usize = 65;

/// The shifted softmax does not depend on the shift, so its gradient need not flow through the
/// maximum: detaching it makes the backward pass cheaper than that of `candle_nn::ops::softmax`.
fn softmax(x: &Tensor) -> Result<Tensor> {
    let e = x.broadcast_sub(&x.detach().max_keepdim(D::Minus1)?)?.exp()?;
    e.broadcast_div(&e.sum_keepdim(D::Minus1)?)
}

/// Mean cross-entropy, with the maximum detached for the same reason.
fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let log_sum = shifted.exp()?.sum_keepdim(1)?.log()?;
    candle_nn::loss::nll(&shifted.broadcast_sub(&log_sum)?, targets)
}

struct Block {
    ln_1: LayerNorm,
    c_attn: Linear,
    attn_proj: Linear,
    ln_2: LayerNorm,
    c_fc: Linear,
    mlp_proj: Linear,
}

struct Gpt {
    wte: Tensor,
    wpe: Tensor,
    blocks: Vec<Block>,
    ln_f: LayerNorm,
    mask: Tensor,
    vars: Vec<Var>,
}

impl Gpt {
    fn new(device: &Device) -> Result<Self> {
        let mut vars: Vec<Var> = vec![];
        let normal = |shape: (usize, usize), std: f32, vars: &mut Vec<Var>| -> Result<Tensor> {
            let var = Var::randn(0f32, std, shape, device)?;
            vars.push(var.clone());
            Ok(var.as_tensor().clone())
        };
        let norm = |vars: &mut Vec<Var>| -> Result<LayerNorm> {
            let var = Var::ones(WIDTH, DType::F32, device)?;
            vars.push(var.clone());
            Ok(LayerNorm::new_no_bias(var.as_tensor().clone(), 1e-5))
        };
        let std = 0.02f32;
        let std_proj = std / (2.0 * LAYERS as f32).sqrt();
        let wte = normal((VOCAB, WIDTH), std, &mut vars)?;
        let wpe = normal((CONTEXT, WIDTH), std, &mut vars)?;
        let mut blocks = vec![];
        for _ in 0..LAYERS {
            blocks.push(Block {
                ln_1: norm(&mut vars)?,
                c_attn: Linear::new(normal((3 * WIDTH, WIDTH), std, &mut vars)?, None),
                attn_proj: Linear::new(normal((WIDTH, WIDTH), std_proj, &mut vars)?, None),
                ln_2: norm(&mut vars)?,
                c_fc: Linear::new(normal((4 * WIDTH, WIDTH), std, &mut vars)?, None),
                mlp_proj: Linear::new(normal((WIDTH, 4 * WIDTH), std_proj, &mut vars)?, None),
            });
        }
        let ln_f = norm(&mut vars)?;
        let mask: Vec<f32> = (0..CONTEXT * CONTEXT)
            .map(|i| if i % CONTEXT > i / CONTEXT { f32::NEG_INFINITY } else { 0.0 })
            .collect();
        let mask = Tensor::from_vec(mask, (1, 1, CONTEXT, CONTEXT), device)?;
        Ok(Self { wte, wpe, blocks, ln_f, mask, vars })
    }

    fn attention(&self, block: &Block, x: &Tensor) -> Result<Tensor> {
        let size = WIDTH / HEADS;
        let qkv = block.c_attn.forward(x)?.reshape((BATCH, CONTEXT, 3, HEADS, size))?;
        let part = |i: usize| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let (q, k, v) = (part(0)?, part(1)?, part(2)?);
        let scores = (q.matmul(&k.t()?)? * (1.0 / (size as f64).sqrt()))?;
        let y = softmax(&scores.broadcast_add(&self.mask)?)?.matmul(&v)?;
        let y = y.transpose(1, 2)?.reshape((BATCH * CONTEXT, WIDTH))?;
        block.attn_proj.forward(&y)
    }

    /// `tokens` and `targets` are flat: BATCH * CONTEXT.
    fn loss(&self, tokens: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let mut x = self
            .wte
            .index_select(tokens, 0)?
            .reshape((BATCH, CONTEXT, WIDTH))?
            .broadcast_add(&self.wpe)?
            .reshape((BATCH * CONTEXT, WIDTH))?;
        for block in &self.blocks {
            x = (&x + self.attention(block, &block.ln_1.forward(&x)?)?)?;
            let h = block.c_fc.forward(&block.ln_2.forward(&x)?)?.gelu_erf()?;
            x = (&x + block.mlp_proj.forward(&h)?)?;
        }
        let logits = self.ln_f.forward(&x)?.matmul(&self.wte.t()?)?;
        cross_entropy(&logits, targets)
    }
}

fn clip(vars: &[Var], grads: &mut GradStore, max_norm: f32) -> Result<f32> {
    let mut sum = 0f32;
    for var in vars {
        if let Some(grad) = grads.get(var) {
            sum += grad.sqr()?.sum_all()?.to_scalar::<f32>()?;
        }
    }
    let norm = sum.sqrt();
    if norm > max_norm {
        let scale = (max_norm / (norm + 1e-6)) as f64;
        for var in vars {
            if let Some(grad) = grads.remove(var) {
                grads.insert(var, (grad * scale)?);
            }
        }
    }
    Ok(norm)
}

/// SplitMix64: enough to draw tokens.
struct Rng(u64);

impl Rng {
    fn token(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % VOCAB as u64) as u32
    }
}

fn option(name: &str, default: usize) -> usize {
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == name {
            return args.next().and_then(|v| v.parse().ok()).expect("a number");
        }
    }
    default
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn main() -> Result<()> {
    let steps = option("--steps", 200);
    let warmup = option("--warmup", 30);
    let threads = option("--threads", 2);
    // candle reads the number of threads from this variable too.
    std::env::set_var("RAYON_NUM_THREADS", threads.to_string());

    let device = Device::Cpu;
    let model = Gpt::new(&device)?;
    let adamw = |decay: f64, matrices: bool| {
        let vars = model.vars.iter().filter(|v| (v.rank() >= 2) == matrices).cloned().collect();
        let params = ParamsAdamW { lr: 1e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: decay };
        AdamW::new(vars, params)
    };
    let (mut matrices, mut vectors) = (adamw(0.1, true)?, adamw(0.0, false)?);

    let params: usize = model.vars.iter().map(|v| v.elem_count()).sum();
    println!(
        "# candle {CANDLE}, {threads} threads, {} parameters, {steps} steps after {warmup}",
        thousands(params as u64),
    );

    let mut rng = Rng(0);
    let mut times = vec![];
    let (mut loss, mut norm) = (0f32, 0f32);
    for i in 0..warmup + steps {
        let (mut tokens, mut targets) = (vec![], vec![]);
        for _ in 0..BATCH {
            let row: Vec<u32> = (0..=CONTEXT).map(|_| rng.token()).collect();
            tokens.extend_from_slice(&row[..CONTEXT]);
            targets.extend_from_slice(&row[1..]);
        }
        let start = Instant::now();
        let tokens = Tensor::from_vec(tokens, BATCH * CONTEXT, &device)?;
        let targets = Tensor::from_vec(targets, BATCH * CONTEXT, &device)?;
        let l = model.loss(&tokens, &targets)?;
        let mut grads = l.backward()?;
        norm = clip(&model.vars, &mut grads, 1.0)?;
        matrices.step(&grads)?;
        vectors.step(&grads)?;
        loss = l.to_scalar()?;
        if i >= warmup {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    let n = times.len();
    let ms = (times[(n - 1) / 2] + times[n / 2]) / 2.0;
    println!(
        "candle {CANDLE}: {ms:.2} ms/step, {} tokens/s",
        thousands(((BATCH * CONTEXT) as f64 * 1e3 / ms).round() as u64)
    );
    println!(
        "# candle {CANDLE}: middle 80% of the steps {:.2} to {:.2} ms, last loss {loss:.3}, last gradient norm {norm:.3}",
        times[n / 10],
        times[n * 9 / 10]
    );
    Ok(())
}
