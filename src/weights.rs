//! Weights in [safetensors](https://huggingface.co/docs/safetensors) files.
//!
//! [`save`] and [`load`] name a tensor by its path of fields: `blocks.0.attention.qkv.weight`. A [`Naming`] gives other
//! names: [`Gpt2`] has those of Hugging Face. [`Writer`] and [`Reader`] store several structures and text in one file, for
//! example a checkpoint.
//!
//! A file is written completely or not at all: to a temporary file in the same directory, flushed to the disk, then
//! renamed. It has checksums of its header and of every tensor, which are verified when reading. Files of other programs
//! have no checksums and can be loaded too. If a file is damaged, truncated, or of another model, the [`Error::File`] says
//! what is wrong. Sharded models are read through their `model.safetensors.index.json`.
//!
//! ```
//! use thunder::nn::Linear;
//! use thunder::prelude::*;
//! use thunder::weights;
//!
//! let layer = Linear::<f32>::new(3, 2, true, Key::new(0));
//! let path = std::env::temp_dir().join("thunder-doc-weights.safetensors");
//! weights::save(&path, &layer)?;
//!
//! let other = Linear::<f32>::new(3, 2, true, Key::new(1));
//! let loaded = weights::load(&path, &other)?;
//! assert_eq!(loaded.weight.to_vec(), layer.weight.to_vec());
//! # std::fs::remove_file(&path).ok();
//! # Ok::<(), thunder::Error>(())
//! ```

mod checksum;
mod header;
mod index;
mod naming;
mod read;
mod replace;
mod write;

pub use naming::{FieldPaths, Gpt2, Naming, Stored};
pub use read::Reader;
pub use write::Writer;

use crate::{Error, Tree};
use safetensors::Dtype;
use std::path::Path;
use thunder_core::tensor::with_memory;
use thunder_core::types::{DType, with_room};

/// The maximum length of a header, here and in other programs. It is enough for a million tensors.
const MAX_HEADER: u64 = 100_000_000;

/// Writes every tensor of `tree`, named by its path of fields; see [`Writer::write`].
///
/// # Errors
/// [`Error::File`] if the file can't be written. An existing file is then unchanged.
pub fn save<T: Tree>(path: impl AsRef<Path>, tree: &T) -> Result<(), Error> {
    Writer::new().tree("", tree).write(path)
}

/// `like` with its tensors replaced by those from the file, on the same devices. Floats of another type are converted. The
/// path is that of a file, or of the index or the folder of a sharded model; see [`Reader::open`].
///
/// # Errors
/// [`Error::File`]: there is no such file, it is truncated or does not match its checksums, or tensors are missing, too many,
/// or of another shape or type.
pub fn load<T: Tree>(path: impl AsRef<Path>, like: &T) -> Result<T, Error> {
    Reader::open(path)?.tree("", like)
}

pub(crate) fn file_error(path: &Path, message: impl Into<String>) -> Error {
    Error::File { path: path.display().to_string(), message: message.into() }
}

pub(crate) fn io_error(path: &Path, e: &std::io::Error) -> Error {
    let message = match e.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_string(),
        _ => e.to_string(),
    };
    file_error(path, message)
}

/// `prefix.path`, where either part may be empty.
fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_string(),
        (prefix, "") => prefix.to_string(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// The element type for a type of the file format.
fn dtype_of(d: Dtype) -> Option<DType> {
    Some(match d {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::U32 => DType::U32,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool,
        _ => return None,
    })
}

/// The transpose of a matrix.
fn transpose(bytes: &[u8], rows: usize, columns: usize, width: usize) -> Result<Vec<u8>, Error> {
    let mut out = with_memory(|| Ok(with_room(bytes.len())?))?;
    for c in 0..columns {
        for r in 0..rows {
            let at = (r * columns + c) * width;
            out.extend_from_slice(&bytes[at..at + width]);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn transposes() {
        assert_eq!(super::transpose(&[0, 1, 2, 3, 4, 5], 2, 3, 1).unwrap(), [0, 3, 1, 4, 2, 5]);
        assert_eq!(super::transpose(&[0, 1, 2, 3], 1, 2, 2).unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn joins() {
        assert_eq!(super::join("", "a.b"), "a.b");
        assert_eq!(super::join("m", ""), "m");
        assert_eq!(super::join("m", "a"), "m.a");
    }
}
