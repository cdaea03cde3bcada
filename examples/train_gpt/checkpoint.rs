//! The checkpoint: one safetensors file with all that a run needs to go on as if it had never stopped.

use crate::step::Recipe;
use crate::text::Text;
use std::path::{Path, PathBuf};
use thunder::nn::Gpt;
use thunder::optim::AdamW;
use thunder::prelude::*;
use thunder::weights::{Reader, Writer};

const FORMAT: &str = "thunder train_gpt 1";

/// What is saved: everything else follows from the recipe, the text, the seed and the step.
pub struct State {
    pub model: Gpt<f32>,
    pub opt: AdamW<Gpt<f32>>,
    /// Steps done.
    pub step: usize,
    pub seed: u64,
}

/// Where a run saves, and what its checkpoints must agree on.
pub struct Checkpoint<'a> {
    pub path: PathBuf,
    pub recipe: &'a Recipe,
    pub text: &'a Text,
}

/// A file that belongs to this run.
pub struct Saved {
    file: Reader,
    step: usize,
    seed: u64,
}

impl Checkpoint<'_> {
    /// Opens the file and checks that it is of this run; none if there is no file.
    pub fn open(&self, seed: Option<u64>) -> Result<Option<Saved>, String> {
        if !self.path.exists() {
            let parent = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !parent.is_dir() {
                return Err(self.error("its directory does not exist"));
            }
            return Ok(None);
        }
        let file = Reader::open(&self.path).map_err(|e| e.to_string())?;
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
            eprintln!("note: {}: the text has changed since", self.path.display());
        }
        let step = number("step")? as usize;
        Ok(Some(Saved { file, step, seed: saved }))
    }

    /// The state that the file holds, on the default device.
    pub fn state(&self, saved: &Saved) -> Result<State, String> {
        let (model, opt) = self.recipe.start(Key::new(0)).map_err(|e| e.to_string())?;
        let model = saved.file.tree("model", &model).map_err(|e| e.to_string())?;
        let opt = saved.file.tree("optimiser", &opt).map_err(|e| e.to_string())?;
        Ok(State { model, opt, step: saved.step, seed: saved.seed })
    }

    /// Writes the file, whole or not at all.
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
            .write(&self.path)
            .map_err(|e| e.to_string())
    }

    fn config(&self) -> String {
        let (m, batch) = (&self.recipe.model, self.recipe.batch);
        format!(
            "layers {}, heads {}, width {}, context {}, batch {batch}, dropout {}",
            m.layers, m.heads, m.width, m.context, m.dropout
        )
    }

    fn error(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.path.display())
    }
}
