//! Writing files: the header, the tensors, and their checksums.

use super::header::{CHECKSUMS, FORMAT, FORMAT_NOW, METADATA, RESERVED};
use super::replace::Replacement;
use super::{FieldPaths, MAX_HEADER, Naming, Stored, checksum, file_error, io_error, transpose};
use crate::{Error, Tree, convert};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
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
    /// An empty file.
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

    /// Adds a string to the file's metadata. Keys that begin with `thunder.` are reserved.
    #[must_use]
    pub fn text(mut self, key: &str, value: impl Into<String>) -> Writer {
        self.text.insert(key.into(), value.into());
        self
    }

    /// Writes to a temporary file in the same directory, flushes it to the disk, and renames it to `path`.
    ///
    /// The metadata also has checksums of the header and of every tensor, which [`Reader`](super::Reader) verifies. If
    /// `path` is a symbolic link, the file that it points to is replaced and the link stays. The new file gets the mode of
    /// the old one (and its owner, if the process has the right to change owners). Other hard links to the old file still
    /// have the old contents. If the process is killed while it saves, the old file is unchanged, and the next save in that
    /// directory removes the temporary file `.thunder-save-*.tmp`.
    ///
    /// # Errors
    /// [`Error::File`]: two tensors have the same name, a tensor is named `__metadata__`, a metadata key begins with
    /// `thunder.`, `path` is not a regular file (but a directory, a device, a FIFO), or the directory or the disk refuses
    /// the file. An existing file at `path` is unchanged.
    pub fn write(self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let mut header = self.header(path)?;
        let mut place = Replacement::begin(path)?;
        self.fill(path, place.file(), &mut header)?;
        place.commit()
    }

    /// The header, with blanks for the checksums. Written piece by piece: a tree of JSON values would take many times
    /// its text.
    fn header(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        if let Some(key) = self.text.keys().find(|k| k.starts_with(RESERVED)) {
            return Err(file_error(
                path,
                format!("the text `{key}`: keys that begin with `{RESERVED}` are thunder's own"),
            ));
        }
        let mut header = format!(
            "{{\"{METADATA}\":{{\"{CHECKSUMS}\":\"{}\",\"{FORMAT}\":\"{FORMAT_NOW}\"",
            checksum::blank(self.tensors.len())
        );
        for (key, value) in &self.text {
            header += &format!(",{}:{}", json(key), json(value));
        }
        header.push('}');
        let (mut at, mut names) = (0, BTreeSet::new());
        for (stored, t) in &self.tensors {
            let name = &stored.name;
            let Some(ty) = t.ty() else {
                return Err(file_error(path, format!("`{name}` is no tensor")));
            };
            let mut sizes = ty.sizes();
            if stored.transposed && sizes.len() == 2 {
                sizes.reverse();
            }
            if name == METADATA {
                let what =
                    format!("a tensor can't be named `{METADATA}`: that is where the format keeps its texts");
                return Err(file_error(path, what));
            }
            if !names.insert(name) {
                return Err(file_error(path, format!("two tensors would be named `{name}`")));
            }
            let (dtype, end) = (dtype_name(ty.dtype()), at + ty.bytes());
            header += &format!(
                ",{}:{{\"dtype\":\"{dtype}\",\"shape\":{sizes:?},\"data_offsets\":[{at},{end}]}}",
                json(name)
            );
            at = end;
        }
        header.push('}');
        let mut header = header.into_bytes();
        // The tensors begin at a multiple of 8.
        header.resize(header.len().next_multiple_of(8), b' ');
        if header.len() as u64 > MAX_HEADER {
            let what = format!("a header of {} bytes; readers take {MAX_HEADER} at most", header.len());
            return Err(file_error(path, what));
        }
        Ok(header)
    }

    /// Writes all of it; the checksums last, in the place that the header keeps for them.
    fn fill(&self, path: &Path, file: &mut File, header: &mut [u8]) -> Result<(), Error> {
        let mut out = BufWriter::new(file);
        let io = |e: std::io::Error| io_error(path, &e);
        out.write_all(&(header.len() as u64).to_le_bytes()).map_err(io)?;
        out.write_all(header).map_err(io)?;
        let mut sums = Vec::with_capacity(self.tensors.len());
        for (stored, t) in &self.tensors {
            let (mut bytes, ty, _) = convert::download(t)?;
            if let ([rows, columns], true) = (&ty.sizes()[..], stored.transposed) {
                bytes = transpose(&bytes, *rows, *columns, ty.dtype().size())?;
            }
            sums.push(checksum::of_data(&bytes));
            out.write_all(&bytes).map_err(io)?;
        }
        checksum::fill(header, &sums);
        out.seek(SeekFrom::Start(8)).map_err(io)?;
        out.write_all(header).map_err(io)?;
        out.flush().map_err(io)
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
