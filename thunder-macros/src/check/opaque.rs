//! Opaque calls: what is neither traced nor known to be pure.

use crate::diagnostics::Diagnostics;
use syn::Path;

/// Whether a path leads to a pure function of std, or to a constructor of it.
pub fn is_pure(path: &Path, qualified: bool) -> bool {
    const OWNERS: &[&str] = &[
        "f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "isize", "u64", "u32", "u16", "u8", "usize", "bool",
        "char", "str", "String", "Vec", "Option", "Result", "Range", "From", "Into", "Iterator", "Ord", "PartialOrd",
        "Duration", "NonZeroUsize",
    ];
    const MODULES: &[&str] = &["cmp", "iter", "array", "convert", "ops", "slice", "option", "num", "f32", "f64"];
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
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
    let first = path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
    if !matches!(first.as_str(), "std" | "core" | "alloc") {
        return false;
    }
    let name = crate::names::path_text(path);
    let help = match path.segments.last().map(|s| s.ident.to_string()).as_deref() {
        Some("swap" | "replace" | "take") => "bind new values: `let (x, y) = (y, x);`",
        _ => "an operation of `thunder`, or a `#[thunder]` function",
    };
    diag.error(path, format!("opaque call: `{name}` is not traced, and it receives a tensor"), help);
    true
}

/// Whether this is a method of std that takes closures or values, and so no `#[thunder]` method.
pub fn std_method(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "map", "map_or", "map_or_else", "and_then", "unwrap_or", "unwrap_or_else", "or", "or_else", "filter", "then",
        "then_some", "max", "min", "push", "insert", "extend", "eq", "ne", "cmp",
    ];
    NAMES.contains(&name)
}
