//! The header of a safetensors file. All of it is checked, and it needs little more memory than its text.

use safetensors::Dtype;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The name that the format reserves for its metadata. No tensor can have it.
pub(super) const METADATA: &str = "__metadata__";
/// The prefix of thunder's own metadata keys.
pub(super) const RESERVED: &str = "thunder.";
/// The metadata key of the checksums.
pub(super) const CHECKSUMS: &str = "thunder.checksums";
/// The metadata key that tells that there are checksums, so that damage to the other key is detected too.
pub(super) const FORMAT: &str = "thunder.format";
/// The value of [`FORMAT`].
pub(super) const FORMAT_NOW: &str = "1";
/// The number of hexadecimal digits of a checksum.
pub(super) const DIGITS: usize = 16;

/// The largest rank of a tensor in a file, as in PyTorch and NumPy.
const MAX_RANK: usize = 64;

/// A piece of [`Header::chars`].
#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    length: u32,
}

/// The header's entry of one tensor. Entries are ordered by the position of their data.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name: Span,
    shape: Span,
    dtype: Dtype,
    begin: u64,
    end: u64,
}

/// One tensor of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Info<'a> {
    /// The element type.
    pub dtype: Dtype,
    /// The extents.
    pub shape: &'a [usize],
    /// The offset of its data.
    pub begin: u64,
    /// The end of its data.
    pub end: u64,
}

/// The tensors and the metadata of a file. Names and strings are stored in one string, and shapes in one list. So a header
/// of a million tensors needs about as much memory as its text, instead of fifteen times as much.
#[derive(Debug, Default)]
pub(super) struct Header {
    chars: String,
    extents: Vec<usize>,
    /// The entries, ordered by the position of their data.
    entries: Vec<Entry>,
    /// The indices of the entries, ordered by name.
    by_name: Vec<u32>,
    texts: Vec<(Span, Span)>,
}

impl Header {
    /// Parses a header, and checks that its tensors cover the data without gaps.
    pub fn parse(json: &[u8]) -> Result<Header, String> {
        let mut header = Header::default();
        let mut from = serde_json::Deserializer::from_slice(json);
        (&mut from)
            .deserialize_map(Tensors(&mut header))
            .and_then(|()| from.end())
            .map_err(|e| format!("damaged header: {e}"))?;
        header.check()?;
        Ok(header)
    }

    fn check(&mut self) -> Result<(), String> {
        self.entries.sort_unstable_by_key(|e| (e.begin, e.end));
        let mut at = 0;
        for e in &self.entries {
            let (name, shape) = (self.chars(e.name), self.extents(e.shape));
            let bytes = bytes_of(e.dtype, shape)
                .ok_or_else(|| format!("damaged header: tensor `{name}` of shape {shape:?} is too large"))?;
            if e.begin != at || e.end.checked_sub(e.begin) != Some(bytes) {
                return Err(format!(
                    "damaged header: tensor `{name}` takes {bytes} bytes from {at} on, not {} to {}",
                    e.begin, e.end
                ));
            }
            at = e.end;
        }
        let mut by_name: Vec<u32> = (0..self.entries.len() as u32).collect();
        by_name.sort_unstable_by_key(|i| self.name(*i));
        if let Some(twice) = by_name.windows(2).find(|w| self.name(w[0]) == self.name(w[1])) {
            return Err(format!("damaged header: two tensors are named `{}`", self.name(twice[0])));
        }
        self.by_name = by_name;
        Ok(())
    }

    /// The total size of the tensors in bytes.
    pub fn data_bytes(&self) -> u64 {
        self.entries.last().map_or(0, |e| e.end)
    }

    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The tensors, sorted by name.
    pub fn sorted(&self) -> &[u32] {
        &self.by_name
    }

    /// The tensor of this name.
    pub fn find(&self, name: &str) -> Option<u32> {
        let at = self.by_name.binary_search_by_key(&name, |i| self.name(*i)).ok()?;
        Some(self.by_name[at])
    }

    /// The name of a tensor.
    pub fn name(&self, i: u32) -> &str {
        self.chars(self.entries[i as usize].name)
    }

    /// The entry of a tensor.
    pub fn info(&self, i: u32) -> Info<'_> {
        let Entry { shape, dtype, begin, end, .. } = self.entries[i as usize];
        Info { dtype, shape: self.extents(shape), begin, end }
    }

    /// A string of the metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        // If a key occurs twice, the last one counts, as usual in JSON.
        self.texts.iter().rev().find(|(k, _)| self.chars(*k) == key).map(|(_, value)| self.chars(*value))
    }

    fn chars(&self, s: Span) -> &str {
        &self.chars[s.at as usize..][..s.length as usize]
    }

    fn extents(&self, s: Span) -> &[usize] {
        &self.extents[s.at as usize..][..s.length as usize]
    }
}

/// The size of a tensor in bytes; `None` if it is not a whole number of bytes, or if it exceeds the address space. The other
/// extents must be valid even if one of them is zero.
fn bytes_of(dtype: Dtype, shape: &[usize]) -> Option<u64> {
    let product = |floor: usize| {
        shape.iter().try_fold(dtype.bitsize(), |product, n| product.checked_mul((*n).max(floor)))
    };
    if product(1)? > isize::MAX as usize {
        return None;
    }
    let bits = product(0)?;
    (bits % 8 == 0).then_some(bits as u64 / 8)
}

/// Appends a string to a header's characters.
struct Chars<'a>(&'a mut Header);

impl<'de> DeserializeSeed<'de> for Chars<'_> {
    type Value = Span;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Span, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for Chars<'_> {
    type Value = Span;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<X: serde::de::Error>(self, s: &str) -> Result<Span, X> {
        let at = self.0.chars.len() as u32;
        self.0.chars.push_str(s);
        Ok(Span { at, length: s.len() as u32 })
    }
}

/// Reads the header's object.
struct Tensors<'a>(&'a mut Header);

impl<'de> Visitor<'de> for Tensors<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of tensors")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let header = self.0;
        while let Some(name) = map.next_key_seed(Chars(header))? {
            if header.chars(name) == METADATA {
                map.next_value_seed(Texts(header))?;
                continue;
            }
            let Stated { dtype, shape, data_offsets: (begin, end) } = map.next_value()?;
            let shape_at = Span { at: header.extents.len() as u32, length: shape.0.len() as u32 };
            header.extents.extend(shape.0);
            header.entries.push(Entry { name, shape: shape_at, dtype, begin, end });
        }
        Ok(())
    }
}

/// Reads the object of metadata.
struct Texts<'a>(&'a mut Header);

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of strings")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let header = self.0;
        while let Some(key) = map.next_key_seed(Chars(header))? {
            let value = map.next_value_seed(Chars(header))?;
            header.texts.push((key, value));
        }
        Ok(())
    }
}

/// A tensor as written in the header.
#[derive(serde::Deserialize)]
struct Stated {
    dtype: Dtype,
    shape: Extents,
    data_offsets: (u64, u64),
}

/// A shape. Its rank is checked while it is read.
struct Extents(Vec<usize>);

impl<'de> serde::Deserialize<'de> for Extents {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Extents, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Extents;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list of extents")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Extents, A::Error> {
                let mut extents = Vec::new();
                while let Some(n) = seq.next_element()? {
                    if extents.len() == MAX_RANK {
                        return Err(A::Error::custom(format!("a tensor of a rank above {MAX_RANK}")));
                    }
                    extents.push(n);
                }
                Ok(Extents(extents))
            }
        }
        d.deserialize_seq(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> String {
        Header::parse(json.as_bytes()).expect_err("an error")
    }

    #[test]
    fn tensors_by_name_and_by_place() {
        let json = r#"{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
            "a\"":{"dtype":"U8","shape":[],"data_offsets":[8,9]},"__metadata__":{"k":"v\n"}}  "#;
        let header = Header::parse(json.as_bytes()).unwrap();
        let names: Vec<&str> = header.sorted().iter().map(|i| header.name(*i)).collect();
        assert_eq!(names, ["a\"", "b"]);
        let b = header.info(header.find("b").unwrap());
        assert_eq!((b.dtype, b.shape, b.begin, b.end), (Dtype::F32, &[2][..], 0, 8));
        assert_eq!((header.text("k"), header.text("b"), header.data_bytes()), (Some("v\n"), None, 9));
    }

    #[test]
    fn a_long_header_takes_little_more_than_its_text() {
        let entry = |i: usize| {
            format!(r#""layers.{i}.w":{{"dtype":"U8","shape":[1],"data_offsets":[{i},{}]}}"#, i + 1)
        };
        let json = format!("{{{}}}", (0..100_000).map(entry).collect::<Vec<_>>().join(","));
        let Header { chars, extents, entries, by_name, texts } = Header::parse(json.as_bytes()).unwrap();
        let lists = size_of::<Entry>() * entries.capacity() + size_of::<(Span, Span)>() * texts.capacity();
        let taken = lists + chars.capacity() + 8 * extents.capacity() + 4 * by_name.capacity();
        assert!(taken < 2 * json.len(), "{taken} bytes for a text of {}", json.len());
    }

    #[test]
    fn what_does_not_hold_together() {
        assert!(refused("{} x").contains("trailing characters"));
        assert!(refused("[]").contains("an object of tensors"));
        assert!(refused(r#"{"__metadata__":{"k":1}}"#).contains("expected a string"));
        assert!(
            refused(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}"#)
                .contains("takes 8 bytes from 0")
        );
        assert!(
            refused(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#)
                .contains("from 0 on, not 4")
        );
        assert!(refused(r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}"#).contains("too large"));
        let huge = r#"{"a":{"dtype":"U8","shape":[0,9223372036854775808],"data_offsets":[0,0]}}"#;
        assert!(refused(huge).contains("too large"));
        let twice = r#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#;
        assert!(refused(twice).contains("two tensors are named `a`"));
        let rank = format!(r#"{{"a":{{"dtype":"U8","shape":[{}1],"data_offsets":[0,1]}}}}"#, "1,".repeat(64));
        assert!(refused(&rank).contains("a rank above 64"));
    }
}
