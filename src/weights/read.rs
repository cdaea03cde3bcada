//! Reading files. Headers are checked before any tensor is read, and the checksum of a tensor when it is read.

use super::header::{Header, Info};
use super::index::Index;
use super::replace::check_regular;
use super::{FieldPaths, MAX_HEADER, Naming, Stored, checksum, dtype_of, file_error, io_error, transpose};
use crate::{Device, Error, Tensor, Tree, convert};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use thunder_core::module::{named_tensors, try_map_tensors};
use thunder_core::tensor::{RawTensor, Shape, with_memory};
use thunder_core::types::{self, DType, Element, Ty, zeroed};

/// An open file, or the open files of a sharded model, with parsed headers. See [`Writer`](super::Writer) for an example.
///
/// A file written by thunder has checksums: that of the header is verified when the file is opened, and that of a tensor
/// when it is read. Files of other programs have none.
pub struct Reader {
    path: PathBuf,
    shards: Vec<Shard>,
    /// The tensors, sorted by name: the number of the shard, and the tensor's index in the shard's header.
    tensors: Vec<(u32, u32)>,
}

impl Reader {
    /// Opens a safetensors file, or a sharded model by its index (`model.safetensors.index.json`) or by the folder that has
    /// `model.safetensors.index.json` or `model.safetensors`.
    ///
    /// # Errors
    /// [`Error::File`]: there is no such file, it is not a safetensors file, it is damaged or truncated, or the files of an
    /// index are missing or lack tensors.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader, Error> {
        let path = path.as_ref();
        let found = fs::metadata(path).map_err(|e| io_error(path, &e))?;
        if found.is_dir() {
            return match ["model.safetensors.index.json", "model.safetensors"].map(|n| path.join(n)) {
                [index, _] if index.exists() => Reader::sharded(&index),
                [_, file] if file.exists() => Reader::single(&file),
                _ => {
                    let what = "a directory without `model.safetensors.index.json` or `model.safetensors`";
                    Err(file_error(path, what))
                }
            };
        }
        if path.extension().is_some_and(|e| e == "json") {
            Reader::sharded(path)
        } else {
            Reader::single(path)
        }
    }

    fn single(path: &Path) -> Result<Reader, Error> {
        let shard = Shard::open(path)?;
        let tensors = shard.header.sorted().iter().map(|i| (0, *i)).collect();
        Ok(Reader { path: path.into(), shards: vec![shard], tensors })
    }

    fn sharded(path: &Path) -> Result<Reader, Error> {
        let index = Index::open(path)?;
        let shards = index.files.iter().map(|f| Shard::open(f)).collect::<Result<Vec<_>, _>>()?;
        let mut tensors = Vec::with_capacity(index.names.len());
        for (name, shard) in &index.names {
            let shard_file = &shards[*shard as usize];
            let Some(i) = shard_file.header.find(name) else {
                return Err(shard_file
                    .error(format!("lacks tensor `{name}`, which `{}` says is here", path.display())));
            };
            tensors.push((*shard, i));
        }
        Ok(Reader { path: path.into(), shards, tensors })
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|(shard, i)| self.shards[*shard as usize].header.name(*i))
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.find(name).map(|(shard, i)| shard.header.info(i).shape)
    }

    /// A string of the metadata. For a sharded model, it comes from the first shard that has it.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.shards.iter().find_map(|s| s.header.text(key))
    }

    fn find(&self, name: &str) -> Option<(&Shard, u32)> {
        let named = |(shard, i): &(u32, u32)| self.shards[*shard as usize].header.name(*i);
        let at = self.tensors.binary_search_by_key(&name, named).ok()?;
        let (shard, i) = self.tensors[at];
        Some((&self.shards[shard as usize], i))
    }

    /// One tensor, on the default device. Floats of another type are converted.
    ///
    /// # Errors
    /// [`Error::File`]: there is no tensor of this name, or it has another rank or type.
    pub fn tensor<E: Element, S: Shape>(&self, name: &str) -> Result<Tensor<E, S>, Error> {
        let Some((shard, i)) = self.find(name) else {
            return Err(self.error(format!("no tensor `{name}`")));
        };
        let info = shard.header.info(i);
        if info.shape.len() != S::RANK {
            let what = format!("tensor `{name}`: expected rank {}, found shape {:?}", S::RANK, info.shape);
            return Err(self.error(what));
        }
        if !types::Shape::fits(info.shape, size_of::<E>()) {
            return Err(Error::Extents { shape: format!("{:?}", info.shape), dtype: E::DTYPE });
        }
        let stored = Stored { name: name.into(), transposed: false };
        let ty = Ty::of(E::DTYPE, info.shape);
        Ok(Tensor::from_raw(self.read(&stored, ty, Device::default_device())?))
    }

    /// `like` with its tensors replaced by those under `prefix`; see [`load`](super::load).
    ///
    /// # Errors
    /// [`Error::File`]: tensors are missing, too many, or of another shape or type.
    pub fn tree<T: Tree>(&self, prefix: &str, like: &T) -> Result<T, Error> {
        let under = |name: &str| {
            prefix.is_empty()
                || name == prefix
                || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
        };
        self.fill(like, &FieldPaths { prefix: prefix.into() }, &under)
    }

    /// `like` with its tensors replaced by those from the file, with the names from `naming`.
    ///
    /// # Errors
    /// [`Error::File`]: tensors are missing, too many, or of another shape or type.
    pub fn named<T: Tree>(&self, like: &T, naming: &dyn Naming) -> Result<T, Error> {
        self.fill(like, naming, &|name| !naming.passes_over(name))
    }

    fn fill<T: Tree>(&self, like: &T, naming: &dyn Naming, ours: &dyn Fn(&str) -> bool) -> Result<T, Error> {
        let wanted: Vec<(Stored, RawTensor)> =
            named_tensors(like).into_iter().map(|(path, t)| (naming.stored(&path), t)).collect();
        let names: BTreeSet<&str> = wanted.iter().map(|(s, _)| &s.name[..]).collect();
        let missing: Vec<&str> = names.iter().copied().filter(|n| self.find(n).is_none()).collect();
        if !missing.is_empty() {
            return Err(self.error(format!("lacks {}", list(&missing))));
        }
        let extra: Vec<&str> = self.names().filter(|n| ours(n) && !names.contains(n)).collect();
        if !extra.is_empty() {
            return Err(self.error(format!("has {}, which the model has not", list(&extra))));
        }
        // Everything is checked before the first tensor is read.
        for (stored, t) in &wanted {
            if let (Some(ty), Some((shard, i))) = (t.ty(), self.find(&stored.name)) {
                self.check(stored, &ty, shard.header.info(i))?;
            }
        }
        try_map_tensors(like, |path, t| match t {
            RawTensor::Concrete { ty, device, .. } => self.read(&naming.stored(path), **ty, *device),
            _ => Err(self.error("weights are loaded on the host, not inside a `#[thunder]` function")),
        })
    }

    /// Checks a tensor's shape and type, and returns the type in the file.
    fn check(&self, stored: &Stored, ty: &Ty, info: Info) -> Result<DType, Error> {
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
        let Some((shard, i)) = self.find(&stored.name) else {
            return Err(self.error(format!("lacks `{}`", stored.name)));
        };
        let info = shard.header.info(i);
        let from = self.check(stored, &ty, info)?;
        let mut bytes = shard.data(i)?;
        if let ([rows, columns], true) = (info.shape, stored.transposed) {
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

/// One file with its parsed header.
struct Shard {
    path: PathBuf,
    file: Mutex<File>,
    /// The position of the first tensor's data.
    start: u64,
    header: Header,
    /// The checksums of the tensors' data.
    sums: Option<Vec<u64>>,
}

impl Shard {
    fn open(path: &Path) -> Result<Shard, Error> {
        let io = |e: std::io::Error| io_error(path, &e);
        let error = |what: String| file_error(path, what);
        let (mut file, length) = open_regular(path)?;
        let mut word = [0; 8];
        if length < 8 {
            return Err(error(format!("damaged or cut short: {length} bytes, not a safetensors file")));
        }
        file.read_exact(&mut word).map_err(io)?;
        let size = u64::from_le_bytes(word);
        if size > MAX_HEADER || size > length - 8 {
            return Err(error(format!(
                "not a safetensors file, or cut short: its header would take {size} of {length} bytes"
            )));
        }
        let mut raw = with_memory(|| Ok(zeroed(size as usize)?))?;
        file.read_exact(&mut raw).map_err(io)?;
        let header = Header::parse(&raw).map_err(error)?;
        let (start, data) = (8 + size, header.data_bytes());
        if length - start != data {
            let how = if length - start < data { "cut short" } else { "damaged" };
            let there = length - start;
            return Err(error(format!("{how}: its tensors take {data} bytes, and {there} are there")));
        }
        let sums = checksum::verify(&mut raw, &header).map_err(error)?;
        Ok(Shard { path: path.into(), file: Mutex::new(file), start, header, sums })
    }

    /// The verified data of a tensor.
    fn data(&self, i: u32) -> Result<Vec<u8>, Error> {
        let Info { begin, end, .. } = self.header.info(i);
        let name = self.header.name(i);
        let mut bytes = with_memory(|| Ok(zeroed((end - begin) as usize)?))?;
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let io = |e: std::io::Error| io_error(&self.path, &e);
            file.seek(SeekFrom::Start(self.start + begin)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
        }
        match &self.sums {
            Some(sums) if sums[i as usize] != checksum::of_data(&bytes) => {
                Err(self.error(format!("damaged: the data of tensor `{name}` do not match their checksum")))
            }
            _ => Ok(bytes),
        }
    }

    fn error(&self, message: impl Into<String>) -> Error {
        file_error(&self.path, message)
    }
}

/// Opens a regular file and returns it with its length. Other files are refused before they are opened, because opening a
/// FIFO would wait for a writer.
pub(super) fn open_regular(path: &Path) -> Result<(File, u64), Error> {
    let io = |e: std::io::Error| io_error(path, &e);
    check_regular(path, &fs::metadata(path).map_err(io)?)?;
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    Ok((file, length))
}

/// The first few names.
fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|n| format!("`{n}`")).collect();
    match names.len() - shown.len() {
        0 => format!("tensor{} {}", if names.len() == 1 { "" } else { "s" }, shown.join(", ")),
        more => format!("tensors {} and {more} more", shown.join(", ")),
    }
}
