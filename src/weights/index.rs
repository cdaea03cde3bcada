//! The index of a sharded model, as written by `transformers`. It tells which file has which tensor.

use super::read::open_regular;
use super::{MAX_HEADER, file_error, io_error};
use crate::Error;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use thunder_core::tensor::with_memory;
use thunder_core::types::zeroed;

/// An index, parsed and checked.
pub(super) struct Index {
    /// The paths of the shards.
    pub files: Vec<PathBuf>,
    /// The tensors, sorted by name, with the number of the shard of each.
    pub names: Vec<(Box<str>, u32)>,
}

impl Index {
    /// Reads the index at `path`.
    ///
    /// # Errors
    /// [`Error::File`]: the file is not an index, it names a tensor twice, or a shard is not in the same directory.
    pub fn open(path: &Path) -> Result<Index, Error> {
        let (mut file, length) = open_regular(path)?;
        if length > MAX_HEADER {
            return Err(file_error(path, format!("{length} bytes; an index takes {MAX_HEADER} at most")));
        }
        let mut json = with_memory(|| Ok(zeroed(length as usize)?))?;
        file.read_exact(&mut json).map_err(|e| io_error(path, &e))?;
        let Stated { weight_map: Map { files, mut names } } = serde_json::from_slice(&json)
            .map_err(|e| file_error(path, format!("not the index of a sharded model: {e}")))?;
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(file_error(path, format!("names tensor `{}` twice", twice[0].0)));
        }
        let beside = |file: &String| match Path::new(file).components().collect::<Vec<_>>()[..] {
            [Component::Normal(name)] => Ok(path.with_file_name(name)),
            _ => Err(file_error(
                path,
                format!("names the file `{file}`: expected the name of a file beside it"),
            )),
        };
        Ok(Index { files: files.iter().map(beside).collect::<Result<_, _>>()?, names })
    }
}

#[derive(serde::Deserialize)]
struct Stated {
    weight_map: Map,
}

/// The map from tensors to files. Each file name is stored once.
struct Map {
    files: Vec<String>,
    names: Vec<(Box<str>, u32)>,
}

impl<'de> serde::Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Map, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Map;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object from names of tensors to names of files")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map, A::Error> {
                let mut numbers = BTreeMap::<String, u32>::new();
                let mut out = Map { files: Vec::new(), names: Vec::new() };
                while let Some((name, file)) = map.next_entry::<Box<str>, String>()? {
                    let number = *numbers.entry(file).or_insert_with_key(|file| {
                        out.files.push(file.clone());
                        out.files.len() as u32 - 1
                    });
                    out.names.push((name, number));
                }
                Ok(out)
            }
        }
        d.deserialize_map(Read)
    }
}
