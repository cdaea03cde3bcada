//! Collects the cache key, the buffers and the device from the arguments of a call.

use super::{ArgVisitor, Args};
use crate::device::Device;
use crate::error::Error;
use crate::exec::Arg as RunArg;
use crate::item::{Item, Param};
use crate::module::{StaticValue, Visitor};
use crate::recorder;
use crate::tensor::{Key, RawTensor};
use crate::trace::Loc;
use std::any::TypeId;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::mem::take;

/// The cache key, the buffers and the device of a call.
#[derive(Default)]
pub(super) struct Gathered {
    pub words: Vec<u64>,
    pub args: Vec<RunArg>,
    pub donated: Vec<bool>,
    keys: Vec<(usize, [u32; 2])>,
    device: Option<Device>,
    owned: bool,
    /// If set, an argument counts as donated if the function declares it by value, even if it is passed by reference here.
    as_declared: Option<&'static [Param]>,
    argument: usize,
    /// The first argument on another device: its index and its device.
    elsewhere: Option<(usize, Device)>,
    /// The first argument that has a tensor without memory.
    without: Option<usize>,
}

/// Lists of words, buffers and donations.
type Lists = (Vec<u64>, Vec<RunArg>, Vec<bool>);

thread_local! {
    /// The emptied lists of the last call, so that a call with many parameters need not allocate new ones.
    static SPARE: Cell<Lists> = const { Cell::new((Vec::new(), Vec::new(), Vec::new())) };
}

impl Gathered {
    fn new() -> Gathered {
        let mut g = Gathered::default();
        // In a thread that is ending, the lists may be gone.
        (g.words, g.args, g.donated) = SPARE.try_with(Cell::take).unwrap_or_default();
        g
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        self.words.clear();
        self.args.clear();
        self.donated.clear();
        let lists = (take(&mut self.words), take(&mut self.args), take(&mut self.donated));
        // In a thread that is ending, they are not needed.
        let _ = SPARE.try_with(|spare| spare.set(lists));
    }
}

#[diagnostic::do_not_recommend]
impl Visitor for Gathered {
    fn tensor(&mut self, t: &RawTensor) {
        if let RawTensor::Concrete { buffer, ty, device } = t {
            self.words.push(ty.id() << 1 | u64::from(self.owned));
            if *self.device.get_or_insert(*device) != *device {
                self.elsewhere.get_or_insert((self.argument, *device));
            }
            let arg =
                if self.owned { RunArg::Donated(buffer.clone()) } else { RunArg::Borrowed(buffer.clone()) };
            self.args.push(arg);
            self.donated.push(self.owned);
        } else {
            self.without.get_or_insert(self.argument);
        }
    }
    fn key(&mut self, key: Key) {
        self.words.push(u64::MAX);
        self.keys.push((self.args.len() + self.keys.len(), key.words()));
        self.donated.push(false);
    }
    fn fixed(&mut self, value: StaticValue<'_>) {
        match value {
            StaticValue::Bits(b) => self.words.push(b),
            StaticValue::Text(t) => {
                self.words.push(t.len() as u64);
                self.words.extend(t.bytes().map(u64::from));
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl ArgVisitor for Gathered {
    fn argument(&mut self, index: usize, owned: bool) {
        self.argument = index;
        let declared = self.as_declared.and_then(|params| params.get(index));
        self.owned = declared.map_or(owned, |p| !p.by_ref);
    }
}

/// A hash that rotates and multiplies. It is fast for keys, which are short lists of small numbers.
#[derive(Default)]
pub(super) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = (self.0.rotate_left(5) ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn write_usize(&mut self, x: usize) {
        self.write_u64(x as u64);
    }
}

/// The key, the buffers and the device of a call of `item`.
pub(super) fn gather<A: Args, F: 'static>(
    item: &'static Item,
    args: &A,
) -> Result<(Gathered, Device), Error> {
    gathered::<A, F>(item, args, None)
}

/// Like [`gather`], but `args` are all references, and those that `item` declares by value count as donated.
pub(super) fn gather_as_declared<A: Args, F: 'static>(
    item: &'static Item,
    args: &A,
) -> Result<(Gathered, Device), Error> {
    gathered::<A, F>(item, args, Some(item.params))
}

fn gathered<A: Args, F: 'static>(
    item: &'static Item,
    args: &A,
    as_declared: Option<&'static [Param]>,
) -> Result<(Gathered, Device), Error> {
    // The key identifies the body by its type, so the body must not capture values.
    const { assert!(size_of::<F>() == 0, "a body captures nothing") };
    if recorder::active() {
        let text = format!("`{}::call` inside a trace: call the function itself", item.name);
        return Err(Error::Type { text, loc: Loc { file: item.file, line: item.line, column: 1 } });
    }
    let mut g = Gathered::new();
    g.as_declared = as_declared;
    let mut h = WordHasher::default();
    TypeId::of::<F>().hash(&mut h);
    g.words.push(h.finish());
    args.visit(&mut g);
    let device = g.device.unwrap_or_else(Device::default_device);
    if let Some((index, found)) = g.elsewhere {
        return Err(Error::Device {
            function: item.name.into(),
            argument: item.params.get(index).map_or("?", |p| p.name).into(),
            expected: device.name().into(),
            found: found.name().into(),
        });
    }
    if let Some(index) = g.without {
        return Err(Error::Argument {
            function: item.name.into(),
            argument: item.params.get(index).map_or("?", |p| p.name).into(),
            expected: "a tensor".into(),
            found: "one without elements: it belongs to a trace, or an earlier failure left it".into(),
        });
    }
    g.words.push(device.id());
    for (at, words) in take(&mut g.keys) {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        g.args.insert(at, RunArg::Borrowed(device.backend().upload(&bytes)?));
    }
    Ok((g, device))
}
