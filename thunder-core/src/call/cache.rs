//! The cache of compiled functions, with a budget.
//!
//! A function is compiled once for each combination of its arguments' types and static values: a *specialisation*. A
//! program that always uses new shapes or new static numbers would make more and more of them. When there are too many,
//! the least recently used ones are removed from the cache. If such a one is called again, it is compiled again.
//!
//! ```
//! use thunder_core::call::cache::{self, Budget};
//! let before = cache::budget();
//! cache::set_budget(Budget { specialisations: 100, bytes: 64 << 20 });
//! assert!(cache::used().specialisations <= 100);
//! cache::set_budget(before);
//! ```

use super::ArgVisitor;
use super::key::WordHasher;
use crate::item::Item;
use crate::module::{StaticValue, Visitor};
use crate::tensor::{Key, RawTensor};
use std::any::Any;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The limits of the cache, for all functions and all devices together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// The number of specialisations.
    pub specialisations: usize,
    /// The approximate number of bytes of host memory that they use: programs, sources, lists. Arenas are not counted,
    /// because each device has one arena for all functions.
    pub bytes: usize,
}

impl Default for Budget {
    /// 4096 specialisations and 256 MiB.
    fn default() -> Budget {
        Budget { specialisations: 4096, bytes: 256 << 20 }
    }
}

/// The budget.
pub fn budget() -> Budget {
    read().budget
}

/// Changes the budget, and removes the least recently used specialisations beyond it. The one that was compiled last
/// stays in any case. Running calls are not affected.
pub fn set_budget(budget: Budget) {
    let mut cache = write();
    cache.budget = budget;
    let forgotten = cache.evict(None);
    drop(cache);
    drop(forgotten);
}

/// The number and the size of the specialisations that are in the cache now.
pub fn used() -> Budget {
    let cache = read();
    Budget { specialisations: cache.entries.len(), bytes: cache.bytes }
}

/// Removes all specialisations.
pub fn clear() {
    let mut cache = write();
    cache.bytes = 0;
    let forgotten = std::mem::take(&mut cache.entries);
    drop(cache);
    drop(forgotten);
}

/// A compiled function, of any signature.
type AnySpecialisation = Arc<dyn Any + Send + Sync>;

struct Entry {
    compiled: AnySpecialisation,
    bytes: usize,
    /// The time of its last use.
    used: AtomicU64,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<Vec<u64>, Entry, BuildHasherDefault<WordHasher>>,
    bytes: usize,
    budget: Budget,
}

static CACHE: LazyLock<RwLock<Cache>> = LazyLock::new(RwLock::default);
/// A clock that advances when an entry other than the last one is used.
static NOW: AtomicU64 = AtomicU64::new(0);

fn read() -> RwLockReadGuard<'static, Cache> {
    CACHE.read().unwrap_or_else(|e| e.into_inner())
}

fn write() -> RwLockWriteGuard<'static, Cache> {
    CACHE.write().unwrap_or_else(|e| e.into_inner())
}

/// The entry of `key`.
pub(super) fn get(key: &[u64]) -> Option<AnySpecialisation> {
    let cache = read();
    let entry = cache.entries.get(key)?;
    // The entry is already the most recently used one: nothing is written.
    if entry.used.load(Relaxed) != NOW.load(Relaxed) {
        entry.used.store(NOW.fetch_add(1, Relaxed) + 1, Relaxed);
    }
    Some(entry.compiled.clone())
}

/// Whether there is an entry of `key`. This does not count as a use.
pub(super) fn contains(key: &[u64]) -> bool {
    read().entries.contains_key(key)
}

/// Adds the entry of `key`, with an estimate of its size in bytes.
pub(super) fn insert(key: Vec<u64>, compiled: AnySpecialisation, bytes: usize) {
    // Twice the key, and the size of a specialisation without its program.
    let bytes = bytes + key.len() * 16 + 4096;
    let mut cache = write();
    let now = NOW.fetch_add(1, Relaxed) + 1;
    let before = cache.entries.insert(key, Entry { compiled, bytes, used: now.into() });
    cache.bytes += bytes;
    cache.bytes -= before.as_ref().map_or(0, |e| e.bytes);
    let forgotten = cache.evict(Some(now));
    drop(cache);
    // Outside the lock, because dropping entries can take long.
    drop((before, forgotten));
}

impl Cache {
    /// Removes entries beyond the budget, least recently used first, and some more, so that the next insertions need no
    /// search. The entry that was used at time `keep` stays.
    fn evict(&mut self, keep: Option<u64>) -> Vec<Entry> {
        let Budget { specialisations, bytes } = self.budget;
        if self.entries.len() <= specialisations && self.bytes <= bytes {
            return Vec::new();
        }
        let (count, bytes) = (specialisations - specialisations / 16, bytes - bytes / 16);
        let used = self.entries.iter().map(|(k, e)| (e.used.load(Relaxed), k.clone()));
        let mut list: Vec<(u64, Vec<u64>)> = used.filter(|(used, _)| Some(*used) != keep).collect();
        list.sort_unstable_by_key(|(used, _)| *used);
        let mut out = Vec::new();
        for (_, key) in list {
            if self.entries.len() <= count.max(1) && self.bytes <= bytes {
                break;
            }
            if let Some(entry) = self.entries.remove(&key) {
                self.bytes -= entry.bytes;
                out.push(entry);
            }
        }
        out
    }
}

/// The number of compilations of one function that causes a warning.
const OFTEN: usize = 16;

/// The compilations of a function so far.
#[derive(Default)]
struct History {
    count: usize,
    /// The arguments of the last compilation.
    last: Vec<Part>,
    /// For each argument, how often it differed from the previous compilation.
    changes: Vec<usize>,
    warned: bool,
}

/// Counts a compilation of `item` for these arguments. Warns on standard error, once for each function, if there are too
/// many.
pub(super) fn note(item: &'static Item, parts: Parts) {
    static HISTORY: Mutex<Option<HashMap<usize, History>>> = Mutex::new(None);
    let parts = parts.list;
    let mut all = HISTORY.lock().unwrap_or_else(|e| e.into_inner());
    let history = all.get_or_insert_default().entry(std::ptr::from_ref(item) as usize).or_default();
    history.count += 1;
    history.changes.resize(history.changes.len().max(parts.len()), 0);
    for (i, (old, new)) in history.last.iter().zip(&parts).enumerate() {
        history.changes[i] += usize::from(old.hash != new.hash);
    }
    let before = std::mem::replace(&mut history.last, parts);
    if history.warned || history.count < OFTEN {
        return;
    }
    let most = history.changes.iter().enumerate().max_by_key(|&(i, n)| (*n, usize::MAX - i));
    let Some((at, 1..)) = most.map(|(i, n)| (i, *n)) else { return };
    history.warned = true;
    let name = item.params.get(at).map_or("?", |p| p.name);
    let text = history.last.get(at).zip(before.get(at)).map(|(new, old)| new.against(old));
    eprintln!(
        "thunder: `{}` was compiled {} times, because its argument `{name}` changes{}. Each new type and each new \
         static value is compiled for: pass a number that changes as a `Scalar`, and keep to few shapes.",
        item.name,
        history.count,
        text.unwrap_or_default(),
    );
}

/// The part of the key for each argument.
#[derive(Default)]
pub(super) struct Parts {
    list: Vec<Part>,
}

/// The part of the key for one argument.
#[derive(Default)]
struct Part {
    hash: u64,
    /// The types of its tensors.
    types: Vec<String>,
}

impl Part {
    /// How the types differ from those of the previous compilation.
    fn against(&self, old: &Part) -> String {
        let mut pairs = old.types.iter().zip(&self.types);
        match pairs.find(|(old, new)| old != new) {
            Some((old, new)) => format!(" (from {old} to {new})"),
            None if old.types.len() != self.types.len() => " (in its structure)".into(),
            None if self.types.is_empty() => String::new(),
            None => " (in its configuration)".into(),
        }
    }
}

impl Parts {
    fn mix(&mut self, word: u64) {
        use std::hash::Hasher;
        let Some(last) = self.list.last_mut() else { return };
        let mut h = WordHasher::default();
        h.write_u64(last.hash);
        h.write_u64(word);
        last.hash = h.finish();
    }
}

impl Visitor for Parts {
    fn tensor(&mut self, t: &RawTensor) {
        let RawTensor::Concrete { ty, .. } = t else { return };
        self.mix(ty.id());
        if let Some(last) = self.list.last_mut() {
            last.types.push(ty.to_string());
        }
    }
    fn key(&mut self, _: Key) {
        self.mix(u64::MAX);
    }
    fn fixed(&mut self, value: StaticValue<'_>) {
        match value {
            StaticValue::Bits(b) => self.mix(b),
            StaticValue::Text(t) => t.bytes().for_each(|b| self.mix(b.into())),
        }
    }
}

impl ArgVisitor for Parts {
    fn argument(&mut self, _: usize, owned: bool) {
        self.list.push(Part { hash: owned.into(), types: Vec::new() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_go_first() {
        let mut cache = Cache { budget: Budget { specialisations: 3, bytes: 1000 }, ..Cache::default() };
        let add = |cache: &mut Cache, key: u64, bytes: usize, used: u64| {
            cache.entries.insert(vec![key], Entry { compiled: Arc::new(key), bytes, used: used.into() });
            cache.bytes += bytes;
            cache.evict(Some(used))
        };
        for key in 1..=3 {
            assert!(add(&mut cache, key, 10, key).is_empty());
        }
        cache.entries[&vec![1]].used.store(4, Relaxed);
        assert_eq!(add(&mut cache, 5, 10, 5).len(), 1);
        let keys = |cache: &Cache| {
            let mut keys: Vec<u64> = cache.entries.keys().map(|k| k[0]).collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys(&cache), [1, 3, 5]);
        // An entry that is too large for the budget stays as the only one.
        assert_eq!(add(&mut cache, 6, 5000, 6).len(), 3);
        assert_eq!((keys(&cache), cache.bytes), (vec![6], 5000));
    }
}
