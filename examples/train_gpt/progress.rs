//! The progress of a run: a bar on a terminal, plain lines elsewhere.

use crate::output::say;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

pub struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    first: usize,
    last: usize,
    tokens: usize,
    /// The number of steps between two lines.
    every: usize,
}

impl Progress {
    /// The progress of the steps from `first` to `last`, each of `tokens` tokens.
    pub fn new(first: usize, last: usize, tokens: usize) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:32} {pos}/{len}  {msg}  {eta} left");
            let bar = ProgressBar::new(last as u64).with_position(first as u64);
            bar.reset_eta();
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let every = ((last - first) / 20).max(1);
        Progress { bar, started: Instant::now(), first, last, tokens, every }
    }

    /// Whether step `step`, counted from 1, is shown with its loss.
    pub fn wants(&self, step: usize) -> bool {
        match self.bar {
            Some(_) => step.is_multiple_of(10) || step == self.last,
            None => step.is_multiple_of(self.every) || step == self.last,
        }
    }

    /// Shows that `step` steps are done.
    pub fn show(&self, step: usize, loss: f32) {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = ((step - self.first) * self.tokens) as f64 / seconds.max(1e-9);
        let text = format!("loss {loss:.4}  {} tokens/s", thousands(rate as u64));
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.set_position(step as u64);
            }
            None => {
                let left = seconds / (step - self.first).max(1) as f64 * (self.last - step) as f64;
                say(format!("step {step}/{}  {text}  {} left", self.last, clock(left as u64)));
            }
        }
    }

    /// Prints a separate line.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
        let (steps, seconds) = (self.last - self.first, self.started.elapsed().as_secs_f64());
        say(format!("trained {steps} step{} in {seconds:.1} s", if steps == 1 { "" } else { "s" }));
    }
}

/// `12,345`.
pub fn thousands(n: u64) -> String {
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

fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
