//! The text: its characters as tokens, its two splits, and batches.

use crate::progress::thousands;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use thunder::prelude::*;

/// Tokens and targets of a batch: `(sequences, context)` each.
pub type Batch = (Tensor<i64, (usize, usize)>, Tensor<i64, (usize, usize)>);

/// A text as tokens: the first nine tenths for training, the rest for validation.
pub struct Text {
    /// The characters, sorted. A token is an index into this list.
    pub vocabulary: Vec<char>,
    train: Vec<u32>,
    validation: Vec<u32>,
}

impl Text {
    /// Splits `text` for sequences of `context` tokens. `from` is its name in messages.
    pub fn new(text: &str, context: usize, from: &str) -> Result<Text, String> {
        let count = text.chars().count();
        // Each split needs at least one sequence and the token after it.
        let least = 10 * (context + 1);
        if count < least {
            return Err(format!(
                "{from}: a text of {count} characters; a context of {context} needs at least {least}"
            ));
        }
        let vocabulary: Vec<char> = text.chars().collect::<BTreeSet<char>>().into_iter().collect();
        let token = |c| vocabulary.binary_search(&c).unwrap_or(0) as u32;
        let mut train: Vec<u32> = text.chars().map(token).collect();
        let validation = train.split_off(count - count / 10);
        Ok(Text { vocabulary, train, validation })
    }

    /// Random sequences of the training split.
    pub fn train_batch(&self, sequences: usize, context: usize, key: Key) -> Result<Batch, Error> {
        random_batch(&self.train, sequences, context, key)
    }

    /// Random sequences of the validation split.
    pub fn validation_batch(&self, sequences: usize, context: usize, key: Key) -> Result<Batch, Error> {
        random_batch(&self.validation, sequences, context, key)
    }

    /// The whole validation split, with each token as a target once: full batches, then the remaining sequences, then the
    /// remaining tokens.
    pub fn whole_validation(&self, sequences: usize, context: usize) -> Vec<Result<Batch, Error>> {
        let tokens = &self.validation;
        let targets = tokens.len() - 1;
        let whole = targets / context;
        let mut batches: Vec<_> = (0..whole)
            .step_by(sequences)
            .map(|first| {
                let starts: Vec<usize> = (first..whole.min(first + sequences)).map(|i| i * context).collect();
                batch(tokens, &starts, context)
            })
            .collect();
        if targets > whole * context {
            batches.push(batch(tokens, &[whole * context], targets - whole * context));
        }
        batches
    }

    /// The text of tokens.
    pub fn decode(&self, tokens: &[i64]) -> String {
        tokens.iter().filter_map(|&t| self.vocabulary.get(t as usize)).collect()
    }

    /// A number that identifies the text (FNV-1a of the tokens).
    pub fn fingerprint(&self) -> u64 {
        let tokens = self.train.iter().chain(&self.validation);
        tokens.fold(0xcbf2_9ce4_8422_2325, |h, &t| (h ^ u64::from(t)).wrapping_mul(0x0100_0000_01b3))
    }

    /// A description of the text.
    pub fn summary(&self) -> String {
        let (train, validation) = (self.train.len(), self.validation.len());
        format!(
            "{} characters, {} distinct; {} to validate",
            thousands((train + validation) as u64),
            self.vocabulary.len(),
            thousands(validation as u64)
        )
    }
}

fn random_batch(tokens: &[u32], sequences: usize, context: usize, key: Key) -> Result<Batch, Error> {
    let starts: Vec<usize> = (0..sequences).map(|i| below(key.fold_in(i), tokens.len() - context)).collect();
    batch(tokens, &starts, context)
}

/// A random number below `n`.
fn below(key: Key, n: usize) -> usize {
    let [low, high] = key.words();
    let random = u64::from(high) << 32 | u64::from(low);
    ((u128::from(random) * n as u128) >> 64) as usize
}

fn batch(tokens: &[u32], starts: &[usize], context: usize) -> Result<Batch, Error> {
    let rows = |shift: usize| {
        let flat = starts.iter().flat_map(|&s| &tokens[s + shift..s + shift + context]);
        Tensor::try_from_vec(flat.map(|&t| i64::from(t)).collect(), (starts.len(), context))
    };
    Ok((rows(0)?, rows(1)?))
}

/// The text of a file.
pub fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8 text", path.display()))
}

/// The sources and documents of this repository, one after another.
pub fn repository() -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(root, &mut paths);
    paths.sort();
    let mut text = String::new();
    for path in &paths {
        text.push_str(&read(path)?);
    }
    if text.is_empty() {
        return Err(format!("{}: no text in this repository; name one with --text", root.display()));
    }
    Ok(text)
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(&path, paths);
        } else if kind.is_file() && path.extension().is_some_and(|e| e == "rs" || e == "md" || e == "toml") {
            paths.push(path);
        }
    }
}
