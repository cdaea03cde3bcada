//! Reading: the header is checked whole before any tensor is.

use super::{FieldPaths, Naming, Stored, dtype_of, file_error, io_error, transpose};
use crate::{Device, Error, Tensor, Tree, convert};
use safetensors::tensor::{Metadata, TensorInfo};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use thunder_core::module::{named_tensors, try_map_tensors};
use thunder_core::tensor::{RawTensor, Shape, with_memory};
use thunder_core::types::{self, DType, Element, Ty, zeroed};

/// No header is longer: it would be more than a million tensors.
const MAX_HEADER: u64 = 100_000_000;

/// An open file, its header read and checked. See [`Writer`](super::Writer) for an example.
pub struct Reader {
    path: PathBuf,
    file: Mutex<File>,
    /// Where the tensors begin.
    start: u64,
    tensors: BTreeMap<String, TensorInfo>,
    text: BTreeMap<String, String>,
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`Error::File`]: no such file, no safetensors file, or one that is damaged or cut short.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader, Error> {
        let path = path.as_ref();
        let io = |e: std::io::Error| io_error(path, &e);
        let mut file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        if about.is_dir() {
            return Err(file_error(path, "a directory, not a file"));
        }
        let length = about.len();
        let mut word = [0; 8];
        if length < 8 {
            return Err(file_error(
                path,
                format!("damaged or cut short: {length} bytes, not a safetensors file"),
            ));
        }
        file.read_exact(&mut word).map_err(io)?;
        let header = u64::from_le_bytes(word);
        if header > MAX_HEADER || header > length - 8 {
            let what = format!(
                "not a safetensors file, or cut short: its header would take {header} of {length} bytes"
            );
            return Err(file_error(path, what));
        }
        let mut text = with_memory(|| Ok(zeroed(header as usize)?))?;
        file.read_exact(&mut text).map_err(io)?;
        let metadata: Metadata =
            serde_json::from_slice(&text).map_err(|e| file_error(path, format!("damaged header: {e}")))?;
        let (start, data) = (8 + header, metadata.data_len() as u64);
        if length - start != data {
            let how = if length - start < data { "cut short" } else { "damaged" };
            let what = format!("{how}: its tensors take {data} bytes, and {} are there", length - start);
            return Err(file_error(path, what));
        }
        let tensors = metadata.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
        let text = metadata.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
        Ok(Reader { path: path.into(), file: Mutex::new(file), start, tensors, text })
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|info| &info.shape[..])
    }

    /// A text of the metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.text.get(key).map(String::as_str)
    }

    /// One tensor, on the default device. Floats of another type are converted.
    ///
    /// # Errors
    /// [`Error::File`]: no tensor of this name, or one of another rank or type.
    pub fn tensor<E: Element, S: Shape>(&self, name: &str) -> Result<Tensor<E, S>, Error> {
        let Some(info) = self.tensors.get(name) else {
            return Err(self.error(format!("no tensor `{name}`")));
        };
        if info.shape.len() != S::RANK {
            let what = format!("tensor `{name}`: expected rank {}, found shape {:?}", S::RANK, info.shape);
            return Err(self.error(what));
        }
        if !types::Shape::fits(&info.shape, size_of::<E>()) {
            return Err(Error::Extents { shape: format!("{:?}", info.shape), dtype: E::DTYPE });
        }
        let stored = Stored { name: name.into(), transposed: false };
        let ty = Ty::of(E::DTYPE, &info.shape);
        Ok(Tensor::from_raw(self.read(&stored, ty, Device::default_device())?))
    }

    /// `like` with its tensors from those under `prefix`; see [`load`](super::load).
    ///
    /// # Errors
    /// [`Error::File`]: tensors that are missing, too many, or of another shape or type.
    pub fn tree<T: Tree>(&self, prefix: &str, like: &T) -> Result<T, Error> {
        let under = |name: &str| {
            prefix.is_empty()
                || name == prefix
                || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
        };
        self.fill(like, &FieldPaths { prefix: prefix.into() }, &under)
    }

    /// `like` with its tensors from the file, by the names that `naming` gives.
    ///
    /// # Errors
    /// [`Error::File`]: tensors that are missing, too many, or of another shape or type.
    pub fn named<T: Tree>(&self, like: &T, naming: &dyn Naming) -> Result<T, Error> {
        self.fill(like, naming, &|name| !naming.passes_over(name))
    }

    fn fill<T: Tree>(&self, like: &T, naming: &dyn Naming, ours: &dyn Fn(&str) -> bool) -> Result<T, Error> {
        let wanted: Vec<(Stored, RawTensor)> =
            named_tensors(like).into_iter().map(|(path, t)| (naming.stored(&path), t)).collect();
        let names: BTreeSet<&str> = wanted.iter().map(|(s, _)| &s.name[..]).collect();
        let missing: Vec<&str> = names.iter().copied().filter(|n| !self.tensors.contains_key(*n)).collect();
        if !missing.is_empty() {
            return Err(self.error(format!("lacks {}", list(&missing))));
        }
        let extra: Vec<&str> = self.names().filter(|n| ours(n) && !names.contains(n)).collect();
        if !extra.is_empty() {
            return Err(self.error(format!("has {}, which the model has not", list(&extra))));
        }
        // Everything is checked before the first tensor is read.
        for (stored, t) in &wanted {
            if let (Some(ty), Some(info)) = (t.ty(), self.tensors.get(&stored.name)) {
                self.check(stored, &ty, info)?;
            }
        }
        try_map_tensors(like, |path, t| match t {
            RawTensor::Concrete { ty, device, .. } => self.read(&naming.stored(path), **ty, *device),
            _ => Err(self.error("weights are loaded on the host, not inside a `#[thunder]` function")),
        })
    }

    /// Checks a tensor's shape and type; gives the type that the file has.
    fn check(&self, stored: &Stored, ty: &Ty, info: &TensorInfo) -> Result<DType, Error> {
        let name = &stored.name;
        let mut sizes = ty.sizes();
        if stored.transposed && sizes.len() == 2 {
            sizes.reverse();
        }
        if info.shape != sizes {
            let what = format!("tensor `{name}`: expected shape {sizes:?}, found {:?}", info.shape);
            return Err(self.error(what));
        }
        match dtype_of(info.dtype) {
            Some(d) if d == ty.dtype() || (d.is_float() && ty.dtype().is_float()) => Ok(d),
            _ => {
                let what =
                    format!("tensor `{name}`: expected element type {}, found {:?}", ty.dtype(), info.dtype);
                Err(self.error(what))
            }
        }
    }

    fn read(&self, stored: &Stored, ty: Ty, device: Device) -> Result<RawTensor, Error> {
        let Some(info) = self.tensors.get(&stored.name) else {
            return Err(self.error(format!("lacks `{}`", stored.name)));
        };
        let from = self.check(stored, &ty, info)?;
        let (begin, end) = info.data_offsets;
        let mut bytes = with_memory(|| Ok(zeroed(end - begin)?))?;
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let io = |e: std::io::Error| io_error(&self.path, &e);
            file.seek(SeekFrom::Start(self.start + begin as u64)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
        }
        if let ([rows, columns], true) = (&info.shape[..], stored.transposed) {
            bytes = transpose(&bytes, *rows, *columns, from.size())?;
        }
        if from != ty.dtype() {
            bytes = convert::convert(&bytes, from, ty.dtype())?;
        }
        convert::upload(&bytes, ty, device)
    }

    fn error(&self, message: impl Into<String>) -> Error {
        file_error(&self.path, message)
    }
}

/// The first few names.
fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|n| format!("`{n}`")).collect();
    match names.len() - shown.len() {
        0 => format!("tensor{} {}", if names.len() == 1 { "" } else { "s" }, shown.join(", ")),
        more => format!("tensors {} and {more} more", shown.join(", ")),
    }
}
