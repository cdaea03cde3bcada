//! Writing: the header, the tensors, and a rename that makes both appear at once.

use super::{FieldPaths, Naming, Stored, file_error, io_error, transpose};
use crate::{Error, Tree, convert};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use thunder_core::module::named_tensors;
use thunder_core::tensor::RawTensor;
use thunder_core::types::DType;

/// A file to be written: structures of tensors under prefixes, and text.
///
/// ```
/// use thunder::nn::Linear;
/// use thunder::prelude::*;
/// use thunder::weights::{Reader, Writer};
///
/// let layer = Linear::<f32>::new(3, 2, false, Key::new(0));
/// let path = std::env::temp_dir().join("thunder-doc-writer.safetensors");
/// Writer::new().tree("model", &layer).text("step", "100").write(&path)?;
///
/// let file = Reader::open(&path)?;
/// assert_eq!(file.text("step"), Some("100"));
/// assert_eq!(file.names().collect::<Vec<_>>(), ["model.weight"]);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), thunder::Error>(())
/// ```
#[derive(Default)]
pub struct Writer {
    tensors: Vec<(Stored, RawTensor)>,
    text: BTreeMap<String, String>,
}

impl Writer {
    /// Nothing yet.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Adds every tensor of `tree`, named by `prefix` and its path of fields.
    #[must_use]
    pub fn tree<T: Tree>(self, prefix: &str, tree: &T) -> Writer {
        self.named(tree, &FieldPaths { prefix: prefix.into() })
    }

    /// Adds every tensor of `tree`, named by `naming`.
    #[must_use]
    pub fn named<T: Tree>(mut self, tree: &T, naming: &dyn Naming) -> Writer {
        self.tensors.extend(named_tensors(tree).into_iter().map(|(path, t)| (naming.stored(&path), t)));
        self
    }

    /// Adds a line of text to the file's metadata.
    #[must_use]
    pub fn text(mut self, key: &str, value: impl Into<String>) -> Writer {
        self.text.insert(key.into(), value.into());
        self
    }

    /// Writes it: to a temporary file in the same directory, flushed to the disk, then renamed to `path`.
    ///
    /// # Errors
    /// [`Error::File`]: two tensors of one name, or a directory or disk that refuses. What was at `path` is untouched.
    pub fn write(self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let header = self.header(path)?;
        let (temporary, file) = temporary(path)?;
        let written = self
            .fill(path, file, &header)
            .and_then(|()| fs::rename(&temporary, path).map_err(|e| io_error(path, &e)));
        if written.is_err() {
            // What failed already is the error to report.
            let _ = fs::remove_file(&temporary);
            return written;
        }
        flush_directory(path);
        Ok(())
    }

    fn header(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let mut map = Map::new();
        if !self.text.is_empty() {
            map.insert("__metadata__".into(), json!(self.text));
        }
        let (mut at, mut names) = (0, BTreeSet::new());
        for (stored, t) in &self.tensors {
            let Some(ty) = t.ty() else {
                return Err(file_error(path, format!("`{}` is no tensor", stored.name)));
            };
            let mut sizes = ty.sizes();
            if stored.transposed && sizes.len() == 2 {
                sizes.reverse();
            }
            if !names.insert(&stored.name) {
                return Err(file_error(path, format!("two tensors would be named `{}`", stored.name)));
            }
            let info = json!({
                "dtype": dtype_name(ty.dtype()),
                "shape": sizes,
                "data_offsets": [at, at + ty.bytes()],
            });
            map.insert(stored.name.clone(), info);
            at += ty.bytes();
        }
        let mut header = Value::Object(map).to_string().into_bytes();
        // The tensors begin at a multiple of 8.
        header.resize(header.len().next_multiple_of(8), b' ');
        Ok(header)
    }

    fn fill(&self, path: &Path, file: File, header: &[u8]) -> Result<(), Error> {
        let mut out = BufWriter::new(file);
        let io = |e: std::io::Error| io_error(path, &e);
        out.write_all(&(header.len() as u64).to_le_bytes()).map_err(io)?;
        out.write_all(header).map_err(io)?;
        for (stored, t) in &self.tensors {
            let (bytes, ty, _) = convert::download(t)?;
            match ty.sizes()[..] {
                [rows, columns] if stored.transposed => {
                    out.write_all(&transpose(&bytes, rows, columns, ty.dtype().size())?).map_err(io)?;
                }
                _ => out.write_all(&bytes).map_err(io)?,
            }
        }
        let file = out.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)
    }
}

/// A new file beside `path`.
fn temporary(path: &Path) -> Result<(PathBuf, File), Error> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(name) = path.file_name() else { return Err(file_error(path, "no name of a file")) };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}-{count}.tmp", std::process::id()));
    let temporary = path.with_file_name(hidden);
    let file = OpenOptions::new().write(true).create_new(true).open(&temporary);
    file.map(|f| (temporary, f)).map_err(|e| io_error(path, &e))
}

/// Makes the rename last through a loss of power, where directories can be flushed.
fn flush_directory(path: &Path) {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(directory) = File::open(parent) {
        // The file itself is complete; not every file system lets a directory be flushed.
        let _ = directory.sync_all();
    }
}

fn dtype_name(d: DType) -> &'static str {
    match d {
        DType::F64 => "F64",
        DType::F32 => "F32",
        DType::F16 => "F16",
        DType::BF16 => "BF16",
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::U32 => "U32",
        DType::U8 => "U8",
        DType::Bool => "BOOL",
    }
}
