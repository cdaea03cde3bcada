//! Measures one complete training step of the small GPT of nanoGPT's CPU recipe: forward, loss, backward, clip of the
//! gradient norm, AdamW; f32, on the CPU. `benches/train_step/README.md` has the rules, `run.sh` the comparison.
//!
//! Prints `thunder 0.1.0: 12.3 ms/step, 62,439 tokens/s`; lines that start with `#` are comments.

#[path = "../examples/train_gpt/step.rs"]
#[allow(dead_code)]
mod step;

use std::time::Instant;
use step::{Recipe, train_step};
use thunder::nn;
use thunder::prelude::*;

const VOCABULARY: usize = 65;

fn main() {
    // `cargo test` runs benches too, to check that they work. One step is enough.
    let quick = std::env::args().all(|a| a != "--bench");
    let (warmup, steps) = if quick { (0, 1) } else { (option("WARMUP", 30), option("STEPS", 200)) };
    let recipe = Recipe::cpu(VOCABULARY);
    let (mut model, mut opt) = recipe.start(Key::new(0)).expect("the CPU has memory");
    let (batch, context) = (recipe.batch, recipe.model.context);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = option("RAYON_NUM_THREADS", threads);
    println!(
        "# thunder {}, {threads} threads, {} parameters, {steps} steps after {warmup}",
        env!("CARGO_PKG_VERSION"),
        thousands(nn::count(&model) as u64)
    );

    let lr = Scalar::from(1e-3);
    let mut random = Random(0);
    let mut times = Vec::with_capacity(steps);
    let mut last = 0.0;
    for i in 0..warmup + steps {
        let mut rows =
            || (0..batch * context).map(|_| random.below(VOCABULARY as u64) as i64).collect::<Vec<_>>();
        let (tokens, targets) = (rows(), rows());
        let start = Instant::now();
        let tokens = Tensor::from_vec(tokens, (batch, context));
        let targets = Tensor::from_vec(targets, (batch, context));
        let loss;
        (model, opt, loss) = train_step(model, opt, &lr, &tokens, &targets, Key::new(i as u64), false);
        last = loss.item();
        if i >= warmup {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    let n = times.len();
    let median = (times[(n - 1) / 2] + times[n / 2]) / 2.0;
    let rate = ((batch * context) as f64 * 1e3 / median).round() as u64;
    println!("thunder {}: {median:.2} ms/step, {} tokens/s", env!("CARGO_PKG_VERSION"), thousands(rate));
    println!(
        "# thunder {}: middle 80% of the steps {:.2} to {:.2} ms, last loss {last:.3}",
        env!("CARGO_PKG_VERSION"),
        times[n / 10],
        times[(n * 9 / 10).min(n - 1)]
    );
}

/// A number from the environment.
fn option(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// SplitMix64: enough to draw tokens.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

/// `12,345`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
