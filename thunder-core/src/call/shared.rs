//! Warns, once for each function, if a donated argument could not be reused because its memory is shared.

use super::{ArgLeaves, RunArg};
use crate::exec::Buffer;
use crate::item::Item;
use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The functions that were warned about already, by the address of their item.
static TOLD: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

/// The parameters of a compiled function whose memory is reused for results if it is not shared.
pub(super) struct Watch {
    donors: Vec<usize>,
    /// Whether the check is over.
    done: AtomicBool,
}

impl Watch {
    /// Watches the leaves `donors`.
    pub fn new(donors: Vec<usize>) -> Watch {
        Watch { done: AtomicBool::new(donors.is_empty()), donors }
    }

    /// Warns, once for each function, if one of these arguments is shared.
    pub fn look(&self, item: &'static Item, args: &[RunArg], leaves: impl FnOnce() -> ArgLeaves) {
        if self.done.load(Ordering::Relaxed) {
            return;
        }
        let shared =
            |i: &&usize| matches!(args.get(**i), Some(RunArg::Donated(b)) if Arc::strong_count(b) > 1);
        let Some(leaf) = self.donors.iter().find(shared) else { return };
        self.done.store(true, Ordering::Relaxed);
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.get_or_insert_default().insert(std::ptr::from_ref(item) as usize) {
            return;
        }
        // A standard error that can't be written to is no reason to fail.
        let _ = writeln!(std::io::stderr(), "{}", warning(item, args, *leaf, leaves()));
    }
}

fn warning(item: &Item, args: &[RunArg], leaf: usize, leaves: ArgLeaves) -> String {
    let mut end = 0;
    let argument = leaves.0.iter().position(|of| {
        end += of.list.len();
        leaf < end
    });
    let (function, name) = (item.name, argument.and_then(|i| item.params.get(i)).map_or("?", |p| p.name));
    let address = |b: &Buffer| Arc::as_ptr(b).cast::<()>();
    let buffer = |arg: &RunArg| match arg {
        RunArg::Borrowed(b) | RunArg::Donated(b) => address(b),
    };
    let twice = args.iter().filter(|a| buffer(a) == buffer(&args[leaf])).count() > 1;
    let why = if twice {
        "the same tensor stands twice among the arguments"
    } else {
        "a clone of it is still held elsewhere"
    };
    format!(
        "thunder: `{function}` could not reuse the memory of its argument `{name}`, and copies: {why}. Pass the only \
         one: move it in, and take the new one from the result. Where it stands behind a `&mut`, write \
         `thunder::update(&mut {name}, |{name}| ..)`, or `{function}::update(&mut {name}, ..)` if the function gives \
         it back, instead of `{name}.clone()`"
    )
}
