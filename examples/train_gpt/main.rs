//! Trains a small GPT on characters, shows its progress, and prints a sample of its text.
//!
//! ```text
//! cargo run --release --example train_gpt                      # on the text of this repository
//! cargo run --release --example train_gpt -- --text book.txt --checkpoint book.ckpt
//! ```
//!
//! With `--checkpoint`, the run is saved regularly and at its end. Started again, it continues where it stopped, with the
//! same losses as a run that was never stopped. If its output is closed, a run with a checkpoint continues, and a run
//! without one ends.

mod checkpoint;
mod output;
mod progress;
mod step;
mod text;

use checkpoint::{Checkpoint, State};
use clap::{Parser, ValueEnum};
use output::{say, warn};
use progress::{Progress, thousands};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use step::{Recipe, next_logits, train_step};
use text::Text;
use thunder::nn::{self, Gpt};
use thunder::prelude::*;

/// Trains a small GPT on the characters of a text.
#[derive(Parser)]
struct Options {
    /// The text (default: the sources and documents of this repository).
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// The model and the settings of its training.
    #[arg(long, value_enum, default_value = "cpu")]
    preset: Preset,
    /// The total number of training steps, on which the learning rates depend (default: the checkpoint's, or the preset's).
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// The device: `cpu`, `cuda:0`, or `best`, which is the first GPU, or the CPU if there is none.
    #[arg(long, value_name = "D", default_value = "best")]
    device: String,
    /// The seed of all random numbers (default: 0, or the checkpoint's).
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Continue from this file, if it exists, and save to it.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Save and stop after this step, to continue later.
    #[arg(long, value_name = "N", requires = "checkpoint")]
    stop_at: Option<usize>,
    /// Print how the training step is compiled, and stop.
    #[arg(long)]
    explain: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// 0.8 million parameters, 2000 steps: minutes on a CPU.
    Cpu,
    /// 10.7 million parameters, 5000 steps: for a GPU.
    Baby,
}

/// The number of steps between two checkpoints.
const SAVE_EVERY: usize = 250;
/// The number of random batches for an evaluation on the validation split.
const LOOK_BATCHES: usize = 200;
/// The number of characters of the sample.
const SAMPLE: usize = 500;
/// The temperature of sampling. Below 1, likely characters become more likely.
const TEMPERATURE: f64 = 0.8;

fn main() -> ExitCode {
    match run(&Options::parse()).and_then(|()| output::end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            warn(format!("error: {e}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let (content, from) = match &options.text {
        Some(path) => (text::read(path)?, path.display().to_string()),
        None => (text::repository()?, "this repository".to_string()),
    };
    let recipe = |vocabulary| match options.preset {
        Preset::Cpu => Recipe::cpu(vocabulary),
        Preset::Baby => Recipe::baby(vocabulary),
    };
    let text = Text::new(&content, recipe(0).model.context, &from)?;
    let recipe = recipe(text.vocabulary.len());
    let checkpoint = options.checkpoint.clone().map(|path| Checkpoint { path, recipe: &recipe, text: &text });
    let saved = match &checkpoint {
        Some(c) => c.open(options.seed, options.steps)?.map(|saved| (c, saved)),
        None => None,
    };
    let begun = saved.as_ref().map(|(_, saved)| saved.steps);
    let run = Run { recipe: &recipe, text: &text, steps: options.steps.or(begun).unwrap_or(recipe.steps) };
    let opening = Instant::now();
    device(&options.device)?.set_default();
    let opening = opening.elapsed().as_secs_f64();
    let state = match saved {
        Some((checkpoint, saved)) => checkpoint.state(&saved)?,
        None => {
            let seed = options.seed.unwrap_or(0);
            let (model, opt) = recipe.start(Key::new(seed)).map_err(|e| e.to_string())?;
            State { model, opt, step: 0, steps: run.steps, seed }
        }
    };
    if options.explain {
        return run.explain(&state);
    }
    say(format!("text: {from}, {}", text.summary()));
    say(format!(
        "model: {} parameters, on {}, ready after {opening:.2} s",
        thousands(nn::count(&state.model) as u64),
        Device::default_device()
    ));
    if state.step > 0 {
        say(format!("going on after step {} of {}", state.step, run.steps));
    }
    let end = options.stop_at.unwrap_or(run.steps).min(run.steps);
    let state = run.train(state, end, checkpoint.as_ref())?;
    if output::failed() {
        return Ok(());
    }
    if state.step < run.steps {
        say(format!("stopped after step {}", state.step));
        return Ok(());
    }
    run.report(state)
}

fn device(name: &str) -> Result<Device, String> {
    let unknown = || format!("--device {name}: no such device; there are `best`, `cpu` and `cuda:N`");
    match name {
        "best" => Ok(Device::best()),
        "cpu" => Ok(Device::cpu()),
        "cuda" => Device::try_cuda(0).map_err(|e| format!("--device {name}: {e}")),
        _ => {
            let ordinal = name.strip_prefix("cuda:").and_then(|n| n.parse().ok()).ok_or_else(unknown)?;
            Device::try_cuda(ordinal).map_err(|e| format!("--device {name}: {e}"))
        }
    }
}

struct Run<'a> {
    recipe: &'a Recipe,
    text: &'a Text,
    /// The total number of steps, on which the learning rates depend.
    steps: usize,
}

impl Run<'_> {
    /// The inputs of step `step` (counted from 0) besides the model: the learning rate, the batch, the key.
    fn inputs(&self, seed: u64, step: usize) -> Result<(Scalar<f32>, text::Batch, Key), Error> {
        let [batch, key] = Key::new(seed).fold_in(step).split();
        let lr = Scalar::try_from_vec(vec![self.recipe.schedule(self.steps).at(step)], ())?;
        let batch = self.text.train_batch(self.recipe.batch, self.recipe.model.context, batch)?;
        Ok((lr, batch, key))
    }

    fn train(&self, mut state: State, end: usize, checkpoint: Option<&Checkpoint>) -> Result<State, String> {
        if state.step >= end {
            return self.save(state, checkpoint);
        }
        let begun = Instant::now();
        let first = state.step + 1;
        let progress = Progress::new(state.step, end, self.recipe.batch * self.recipe.model.context);
        let mut best = f64::INFINITY;
        while state.step < end {
            let (lr, (tokens, targets), key) =
                self.inputs(state.seed, state.step).map_err(|e| e.to_string())?;
            let loss;
            (state.model, state.opt, loss) =
                train_step::call(state.model, state.opt, &lr, &tokens, &targets, key, self.recipe.half)
                    .map_err(|e| e.to_string())?;
            state.step += 1;
            if output::failed() && checkpoint.is_none() {
                // Without output and without a checkpoint, the result would be lost.
                return Ok(state);
            }
            if state.step == first {
                // The first step includes linking and compiling.
                loss.try_to_vec().map_err(|e| e.to_string())?;
                progress.line(&format!("first step after {:.2} s", begun.elapsed().as_secs_f64()));
            }
            let save = checkpoint.is_some() && state.step.is_multiple_of(SAVE_EVERY);
            if save || progress.wants(state.step) {
                // Reading the loss waits for the device, so it is not read at every step.
                let loss = loss.try_to_vec().map_err(|e| e.to_string())?[0];
                if !loss.is_finite() {
                    return Err(format!("the loss of step {} is {loss}; that step is not saved", state.step));
                }
                if progress.wants(state.step) {
                    progress.show(state.step, loss);
                }
            }
            if self.recipe.validate > 0 && state.step.is_multiple_of(self.recipe.validate) {
                let loss = self.look(&state)?;
                best = best.min(loss);
                progress.line(&format!(
                    "step {}: val loss {loss:.4} on random batches, best {best:.4}",
                    state.step
                ));
            }
            if save {
                state = self.save(state, checkpoint)?;
            }
        }
        progress.finish();
        self.save(state, checkpoint)
    }

    fn save(&self, state: State, checkpoint: Option<&Checkpoint>) -> Result<State, String> {
        if let Some(c) = checkpoint {
            c.save(&state)?;
        }
        Ok(state)
    }

    /// The mean loss over random batches of the validation split.
    fn look(&self, state: &State) -> Result<f64, String> {
        let mut model = state.model.clone();
        model.train(false);
        let mut sum = 0.0;
        for i in 0..LOOK_BATCHES {
            let key = Key::new(state.seed).fold_in(state.step).fold_in(i);
            let batch = self.text.validation_batch(self.recipe.batch, self.recipe.model.context, key);
            sum += f64::from(self.loss(&model, batch)?.0);
        }
        Ok(sum / LOOK_BATCHES as f64)
    }

    /// The mean loss of a batch, and its number of targets.
    fn loss(&self, model: &Gpt<f32>, batch: Result<text::Batch, Error>) -> Result<(f32, usize), String> {
        let loss = || {
            let (tokens, targets) = batch?;
            // Without dropout the key is not used.
            let loss = thunder::call(|| step::loss(model, &tokens, &targets, Key::new(0), self.recipe.half))?;
            Ok((loss.try_to_vec()?[0], targets.len()))
        };
        loss().map_err(|e: Error| e.to_string())
    }

    /// The loss over the whole validation split, and a sample.
    fn report(&self, state: State) -> Result<(), String> {
        let State { mut model, seed, .. } = state;
        model.train(false);
        let (mut sum, mut targets) = (0.0, 0);
        for batch in self.text.whole_validation(self.recipe.batch, self.recipe.model.context) {
            let (mean, count) = self.loss(&model, batch)?;
            sum += f64::from(mean) * count as f64;
            targets += count;
        }
        say(format!("val loss {:.4}", sum / targets as f64));
        say(format!("\n{}", self.sample(&model, Key::new(seed).fold_in(self.steps))?));
        Ok(())
    }

    /// Characters that the model generates, one after another.
    fn sample(&self, model: &Gpt<f32>, key: Key) -> Result<String, String> {
        let context = self.recipe.model.context;
        let start = self.text.vocabulary.binary_search(&'\n').unwrap_or(0);
        let mut tokens = vec![start as i64];
        for i in 0..SAMPLE {
            // A window of fixed size. The attention is causal, so the padding after the last token has no effect.
            let seen = &tokens[tokens.len().saturating_sub(context)..];
            let mut window = seen.to_vec();
            window.resize(context, 0);
            let logits = (|| {
                let window = Tensor::try_from_vec(window, (1, context))?;
                let last = Tensor::try_from_vec(vec![seen.len() as i64 - 1], (1,))?;
                next_logits::call(model, &window, &last, key)?.try_to_vec()
            })()
            .map_err(|e: Error| e.to_string())?;
            tokens.push(draw(&logits, key.fold_in(i)) as i64);
        }
        Ok(self.text.decode(&tokens[1..]))
    }

    fn explain(&self, state: &State) -> Result<(), String> {
        let (lr, (tokens, targets), key) = self.inputs(state.seed, state.step).map_err(|e| e.to_string())?;
        let text =
            train_step::explain(&state.model, &state.opt, &lr, &tokens, &targets, key, self.recipe.half);
        say(text.map_err(|e| e.to_string())?);
        Ok(())
    }
}

/// An index, drawn with the probabilities that the logits give.
fn draw(logits: &[f32], key: Key) -> usize {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits.iter().map(|l| (f64::from(l - greatest) / TEMPERATURE).exp()).collect();
    let uniform = f64::from(key.words()[0]) / (f64::from(u32::MAX) + 1.0);
    let mut left = uniform * weights.iter().sum::<f64>();
    for (i, w) in weights.iter().enumerate() {
        left -= w;
        if left < 0.0 {
            return i;
        }
    }
    logits.len() - 1
}
