//! Foreign tensors: the language knows `Tensor<E, S>` and no other.

use crate::diagnostics::Diagnostics;
use syn::spanned::Spanned;
use syn::{GenericArgument, Type, TypeBareFn, TypePath, TypeTraitObject};

/// `dyn Trait`.
pub fn dyn_type(t: &TypeTraitObject, diag: &mut Diagnostics) {
    diag.error(
        t,
        "a foreign tensor: behind `dyn` the code that runs is not known while tracing",
        "a generic parameter with a `#[thunder]` trait, `layer: &L` where `L: Layer`; or an enum of the choices",
    );
}

/// `fn(f32) -> f32`.
pub fn pointer(t: &TypeBareFn, diag: &mut Diagnostics) {
    diag.error(
        t,
        "an opaque call: which function a pointer leads to is not known while tracing",
        "a closure, `f: impl Fn(…) -> …`; or a generic parameter with a `#[thunder]` trait",
    );
}

/// `Rc<T>`, `Arc<T>`.
pub fn shared(name: &syn::Ident, diag: &mut Diagnostics) {
    diag.error(
        name,
        format!("a foreign tensor: what an `{name}` holds may be another's too, and a trace owns its values"),
        "the value itself: tensors share their memory until one is changed",
    );
}

/// Whether it is a container of std's that no trace goes through: its order, or which of two it is, is decided outside.
pub fn is_container(p: &TypePath) -> bool {
    const NAMES: &[&str] =
        &["HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque", "BinaryHeap", "LinkedList", "Result"];
    p.path.segments.last().is_some_and(|s| NAMES.iter().any(|n| s.ident == n) && !s.arguments.is_none())
}

/// `HashMap<K, V>`, `Result<T, E>`.
pub fn container(name: &syn::Ident, diag: &mut Diagnostics) {
    diag.error(
        name,
        format!("a `{name}` can't go in or out of a `#[thunder]` function: no trace goes through it"),
        "a tuple, an array, a `Vec` or an `Option`; what a call refuses comes from `f::call(…)`",
    );
}

/// A type that is known to be some other tensor: sparse, nested, lazy, or another crate's.
pub fn named(p: &TypePath, args: usize, diag: &mut Diagnostics) -> bool {
    const CRATES: &[&str] = &[
        "ndarray",
        "nalgebra",
        "candle_core",
        "candle",
        "tch",
        "burn",
        "dfdx",
        "faer",
        "arrayfire",
        "torch",
    ];
    let Some(last) = p.path.segments.last().map(|s| s.ident.to_string()) else { return false };
    let first = p.path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
    let help = "`Tensor<E, S>`: the element type, and a tuple of dimension names, `Tensor<f32, (B, C)>`";
    if p.path.segments.len() > 1 && CRATES.contains(&first.as_str()) {
        let what = format!(
            "a foreign tensor: `{first}`'s types are not traced, and an operation on them would be lost"
        );
        diag.error(p, what, help);
        return true;
    }
    if last == "Tensor" && args != 2 {
        if is_short(p) {
            diag.left_to_rustc(p.span());
        } else {
            diag.error(p, "a `Tensor` states its element type and its shape", help);
        }
        return true;
    }
    let known =
        ["SparseTensor", "NestedTensor", "LazyTensor", "CooTensor", "CsrTensor", "RaggedTensor", "DynTensor"];
    if known.contains(&last.as_str()) {
        if let Some(s) = p.path.segments.last() {
            let what =
                format!("a foreign tensor: a `{last}` is not traced, and an operation on it would be lost");
            diag.error(&s.ident, what, "`Tensor<E, S>`: convert it outside, to a padded or dense tensor");
        }
        return true;
    }
    false
}

/// Whether a `Tensor` has too few parameters, `Tensor<f32>`: rustc says so, and takes it for a tensor of any.
pub fn is_short(p: &TypePath) -> bool {
    is_partial(p)
        && p.path.segments.last().is_some_and(|s| match &s.arguments {
            syn::PathArguments::None => true,
            syn::PathArguments::AngleBracketed(a) => {
                a.args.len() < 2 && a.args.iter().all(|a| matches!(a, GenericArgument::Type(Type::Path(_))))
            }
            syn::PathArguments::Parenthesized(_) => false,
        })
}

/// Whether a `Tensor` lacks its element type or its shape.
pub fn is_partial(p: &TypePath) -> bool {
    p.path.segments.len() == 1
        && p.path.segments.last().is_some_and(|s| {
            s.ident == "Tensor"
                && match &s.arguments {
                    syn::PathArguments::AngleBracketed(a) => {
                        a.args.iter().filter(|a| matches!(a, GenericArgument::Type(_))).count() != 2
                    }
                    _ => true,
                }
        })
}
