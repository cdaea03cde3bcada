//! Randomness without a key: it would be drawn once, while tracing, and be the same at every call.

use crate::diagnostics::Diagnostics;
use crate::lower::Arg;
use crate::scope::Value;
use proc_macro2::Span;
use syn::Path;
use thunder_core::op::{ArgKind, Method};

const HELP: &str =
    "a `Key` parameter: `key: Key`, then `uniform(shape, key)`, `normal(shape, key)`, `x.dropout(p, key)`";

/// `rand::random()`, `thread_rng()`, `Key::new(0)`.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    let names = super::segments(path);
    let name = names.join("::");
    let (first, last) = (names.first().map(String::as_str), names.last().map(String::as_str));
    let owner = names.iter().rev().nth(1).map(String::as_str);
    if owner == Some("Key") && matches!(last, Some("new" | "from_words")) {
        diag.error(
            path,
            format!("unkeyed randomness: a key that the body makes with `{name}` is the same at every call"),
            "take the key as a parameter: `key: Key`; derive more with `key.split()` and `key.fold_in(step)`",
        );
        return true;
    }
    let crates = ["rand", "fastrand", "rand_distr", "rand_core", "getrandom", "oorandom", "nanorand"];
    let found = first.is_some_and(|n| crates.contains(&n)) && names.len() > 1
        || matches!(last, Some("thread_rng" | "from_entropy" | "from_os_rng"))
        || names.len() == 1 && matches!(last, Some("random"))
        || names.iter().any(|n| matches!(n.as_str(), "StdRng" | "SmallRng" | "ThreadRng" | "OsRng"));
    if found {
        diag.error(
            path,
            format!("unkeyed randomness: `{name}` would draw once, while tracing, and its numbers would be the same at every call"),
            HELP,
        );
    }
    found
}

/// A random operation whose key was left out.
pub fn missing_key(method: &Method, given: usize, span: Span, diag: &mut Diagnostics) -> bool {
    let found = method.args.last() == Some(&ArgKind::Key) && given + 1 == method.args.len();
    if found {
        let what = format!("unkeyed randomness: `{}` draws from a key, and none is given", method.name);
        diag.error_at(span, what, "take `key: Key` as a parameter and give it as the last argument");
    }
    found
}

/// PyTorch's names, which draw from a hidden generator.
pub fn torch_name(name: &str, args: &[Arg<'_>], span: Span, diag: &mut Diagnostics) -> bool {
    if args.iter().any(|(_, v)| matches!(v, Value::Key(_))) {
        return false;
    }
    let help = match name {
        "rand" | "rand_like" => "`uniform(shape, key)`, with `key: Key` a parameter",
        "randn" | "randn_like" => "`normal(shape, key)`, with `key: Key` a parameter",
        "bernoulli" => {
            "`bernoulli(shape, p, key)`, or `uniform(x.shape(), key) < x`, with `key: Key` a parameter"
        }
        "randint" | "randperm" | "multinomial" => {
            "draw with `uniform(shape, key)`, with `key: Key` a parameter"
        }
        _ => return false,
    };
    diag.error_at(span, format!("unkeyed randomness: `{name}` would draw from a hidden generator"), help);
    true
}
