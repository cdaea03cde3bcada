//! Opaque calls: what is neither traced nor known to be pure.

use crate::diagnostics::Diagnostics;
use syn::{Macro, Path};

/// Refuses any other macro.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) -> bool {
    let name = super::segments(&m.path).join("::");
    let help = match name.as_str() {
        "assert_eq" => {
            "`assert!(a == b)`; a body may call `vec! matches! assert! debug_assert! panic! unreachable!`"
        }
        "assert_ne" => {
            "`assert!(a != b)`; a body may call `vec! matches! assert! debug_assert! panic! unreachable!`"
        }
        "debug_assert_eq" | "debug_assert_ne" => "`debug_assert!(a == b)`",
        "todo" | "unimplemented" => {
            "`panic!(\"…\")`; a body may call `vec! matches! assert! debug_assert! panic! unreachable!`"
        }
        _ => {
            "a `#[thunder]` function; a body may call `vec! matches! assert! debug_assert! panic! unreachable!`"
        }
    };
    diag.error(&m.path, format!("an opaque call: what `{name}!` expands to is not seen by the trace"), help);
    true
}

/// Whether a path leads to a pure function of std, or to a constructor of it.
pub fn is_pure(path: &Path, qualified: bool) -> bool {
    const OWNERS: &[&str] = &[
        "f64",
        "f32",
        "f16",
        "bf16",
        "i64",
        "i32",
        "i16",
        "i8",
        "isize",
        "u64",
        "u32",
        "u16",
        "u8",
        "usize",
        "bool",
        "char",
        "str",
        "String",
        "Vec",
        "Option",
        "Result",
        "Range",
        "From",
        "Into",
        "Iterator",
        "Ord",
        "PartialOrd",
        "Duration",
        "NonZeroUsize",
    ];
    const MODULES: &[&str] =
        &["cmp", "iter", "array", "convert", "ops", "slice", "option", "num", "f32", "f64"];
    let names = super::segments(path);
    if matches!(names.first().map(String::as_str), Some("std" | "core" | "alloc")) {
        return names.len() > 2 && MODULES.contains(&names[1].as_str());
    }
    match names.len() {
        1 => matches!(names[0].as_str(), "max" | "min" | "from_fn" | "once" | "empty" | "repeat" | "zip"),
        _ => {
            let owner = names[names.len() - 2].as_str();
            OWNERS.contains(&owner) || MODULES.contains(&owner) || qualified && names.len() == 2
        }
    }
}

/// Whether a path leads into std, whose functions take no tensors.
pub fn foreign(path: &Path, diag: &mut Diagnostics) -> bool {
    let names = super::segments(path);
    if !matches!(names.first().map(String::as_str), Some("std" | "core" | "alloc")) {
        return false;
    }
    let name = names.join("::");
    diag.error(
        path,
        format!("an opaque call: `{name}` is not traced, and it would receive a tensor"),
        "an operation of `thunder`, or a `#[thunder]` function",
    );
    true
}

/// A function given where a closure is called with tensors.
pub fn given(at: impl quote::ToTokens, diag: &mut Diagnostics) {
    diag.error(
        at,
        "an opaque call: a function given by name is not traced",
        "call it in a closure, `|x| f(x)`, and mark it `#[thunder]`",
    );
}

/// A closure parameter given on to std, which would call it where no iteration or arm can be told from another.
pub fn given_on(at: impl quote::ToTokens, diag: &mut Diagnostics) {
    let name = at.to_token_stream().to_string().replace("& ", "");
    diag.error(
        at,
        format!("an opaque call: std would call `{name}`, and the trace can't follow how often"),
        format!("call it in a closure: `|x| {name}(x)`"),
    );
}

/// Whether this is a method of std that takes closures or values, and so no `#[thunder]` method.
pub fn std_method(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "map",
        "map_or",
        "map_or_else",
        "and_then",
        "unwrap_or",
        "unwrap_or_else",
        "or",
        "or_else",
        "filter",
        "then",
        "then_some",
        "max",
        "min",
        "push",
        "insert",
        "extend",
        "eq",
        "ne",
        "cmp",
    ];
    NAMES.contains(&name)
}
