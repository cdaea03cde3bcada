//! The checkpoint: one safetensors file with everything that a run needs to continue as if it had never stopped.

use crate::output::warn;
use crate::step::Recipe;
use crate::text::Text;
use std::path::{Path, PathBuf};
use thunder::nn::Gpt;
use thunder::optim::{AdamW, WarmupCosine};
use thunder::prelude::*;
use thunder::weights::{Reader, Writer};

/// The version of the file. It is increased when the contents change.
const FORMAT: &str = "thunder train_gpt 2";
const EARLIER: &str = "thunder train_gpt 1";

/// The saved state. Everything else follows from the recipe, the text, the seed and the steps.
pub struct State {
    pub model: Gpt<f32>,
    pub opt: AdamW<Gpt<f32>>,
    /// The number of steps done.
    pub step: usize,
    /// The total number of steps, on which the learning rates depend.
    pub steps: usize,
    pub seed: u64,
}

/// The file of a run, and the settings that its checkpoints must have.
pub struct Checkpoint<'a> {
    pub path: PathBuf,
    pub recipe: &'a Recipe,
    pub text: &'a Text,
}

/// A file that belongs to this run.
pub struct Saved {
    file: Reader,
    step: usize,
    /// The total number of steps.
    pub steps: usize,
    seed: u64,
}

impl Checkpoint<'_> {
    /// Opens the file and checks that it belongs to this run; `None` if there is no file.
    pub fn open(&self, seed: Option<u64>, steps: Option<usize>) -> Result<Option<Saved>, String> {
        if !self.path.exists() {
            let parent = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !parent.is_dir() {
                return Err(self.error("its directory does not exist"));
            }
            return Ok(None);
        }
        let file = Reader::open(&self.path).map_err(|e| e.to_string())?;
        if file.text("format") == Some(EARLIER) {
            return Err(
                self.error("a checkpoint of an earlier version, which does not say how many steps it is of")
            );
        }
        if file.text("format") != Some(FORMAT) {
            return Err(self.error("not a checkpoint of this program; it is left as it is"));
        }
        let number = |key: &str| {
            file.text(key)
                .and_then(|t| t.parse::<u64>().ok())
                .ok_or_else(|| self.error(format!("damaged: no {key}")))
        };
        let config = file.text("config").unwrap_or_default();
        if config != self.config() {
            return Err(
                self.error(format!("a checkpoint of another model: {config}; this run is {}", self.config()))
            );
        }
        let vocabulary: Vec<char> = file.text("vocabulary").unwrap_or_default().chars().collect();
        if vocabulary != self.text.vocabulary {
            let (theirs, ours) = (vocabulary.len(), self.text.vocabulary.len());
            return Err(
                self.error(format!("of another text: its {theirs} characters are not this text's {ours}"))
            );
        }
        let saved = number("seed")?;
        if seed.is_some_and(|s| s != saved) {
            return Err(self.error(format!("was begun with --seed {saved}")));
        }
        if file.text("text") != Some(&self.text.fingerprint().to_string()) {
            warn(format!("note: {}: the text has changed since", self.path.display()));
        }
        let (step, all) = (number("step")? as usize, number("steps")? as usize);
        if let Some(steps) = steps.filter(|s| *s != all) {
            return Err(self.error(format!(
                "was begun with --steps {all}, which its learning rates follow; with --steps {steps} they would be others"
            )));
        }
        let (theirs, ours) = (file.text("schedule").unwrap_or_default(), self.schedule(all));
        if theirs != ours {
            return Err(self.error(format!("of other learning rates: {theirs}; this run is {ours}")));
        }
        Ok(Some(Saved { file, step, steps: all, seed: saved }))
    }

    /// The state in the file, on the default device.
    pub fn state(&self, saved: &Saved) -> Result<State, String> {
        let (model, opt) = self.recipe.start(Key::new(0)).map_err(|e| e.to_string())?;
        let model = saved.file.tree("model", &model).map_err(|e| e.to_string())?;
        let opt = saved.file.tree("optimiser", &opt).map_err(|e| e.to_string())?;
        Ok(State { model, opt, step: saved.step, steps: saved.steps, seed: saved.seed })
    }

    /// Writes the file, completely or not at all.
    pub fn save(&self, state: &State) -> Result<(), String> {
        Writer::new()
            .tree("model", &state.model)
            .tree("optimiser", &state.opt)
            .text("format", FORMAT)
            .text("config", self.config())
            .text("vocabulary", self.text.vocabulary.iter().collect::<String>())
            .text("text", self.text.fingerprint().to_string())
            .text("seed", state.seed.to_string())
            .text("step", state.step.to_string())
            .text("steps", state.steps.to_string())
            .text("schedule", self.schedule(state.steps))
            .write(&self.path)
            .map_err(|e| e.to_string())
    }

    fn config(&self) -> String {
        let (m, batch) = (&self.recipe.model, self.recipe.batch);
        let products = if self.recipe.half { "bf16" } else { "f32" };
        format!(
            "layers {}, heads {}, width {}, context {}, batch {batch}, dropout {}, bias {}, products {products}",
            m.layers, m.heads, m.width, m.context, m.dropout, m.bias
        )
    }

    /// The settings that determine the learning rates of a training of `steps` steps.
    fn schedule(&self, steps: usize) -> String {
        let WarmupCosine { peak, floor, warmup, steps } = self.recipe.schedule(steps);
        format!("warmup {warmup} to {peak}, cosine to {floor} at {steps}")
    }

    fn error(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.path.display())
    }
}
