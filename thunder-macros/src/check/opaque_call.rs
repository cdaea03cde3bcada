//! Opaque calls: what is neither traced nor known to be pure.

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::{Expr, Macro, Path};

/// Refuses any other macro.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) -> bool {
    let name = super::segments(&m.path).join("::");
    let help = "a `#[thunder]` function; a body may call `vec! matches! format! panic! unreachable! todo! \
                unimplemented!`, and `assert!`, `assert_eq!`, `assert_ne!` and their `debug_` forms";
    diag.error(&m.path, format!("an opaque call: what `{name}!` expands to is not seen by the trace"), help);
    true
}

/// A name by which a body calls something of std's.
pub enum StdName {
    /// A macro.
    Macro(syn::Ident),
    /// The first name of a path.
    Path(syn::Ident),
}

/// Statements that compile if these names are std's where the body stands.
///
/// A name that two globs bring is ambiguous, unless both bring the same; beside a `macro_rules!` of its name so is an
/// import.
pub fn shadowed(names: &[StdName]) -> TokenStream {
    let mut seen = Vec::new();
    let (mut imports, mut probes, mut rules) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for name in names {
        let (id, is_macro) = match name {
            StdName::Macro(id) => (id, true),
            StdName::Path(id) => (id, false),
        };
        let text = id.to_string();
        let path = match text.as_str() {
            _ if seen.contains(&(text.clone(), is_macro)) => continue,
            _ if is_macro => quote!(::std::#id),
            "max" | "min" => quote!(::std::cmp::#id),
            "once" | "empty" | "repeat" | "zip" => quote!(::std::iter::#id),
            "Range" => quote!(::std::ops::#id),
            "Duration" => quote!(::std::time::#id),
            "NonZeroUsize" => quote!(::std::num::#id),
            name if MODULES.contains(&name) => quote!(::std::#id),
            name if crate::names::is_capital(name) && OWNERS.contains(&name) => {
                quote!(::std::prelude::v1::#id)
            }
            _ => continue,
        };
        imports.extend(quote!(pub use #path;));
        probes.extend(quote!(const _: () = { use self::#id as _std; };));
        if is_macro {
            let given = match text.as_str() {
                "assert" | "debug_assert" => quote!(true),
                "assert_eq" | "debug_assert_eq" => quote!((), ()),
                "assert_ne" | "debug_assert_ne" => quote!(0, 1),
                "format" => quote!(""),
                "matches" => quote!((), ()),
                "vec" => quote!(()),
                _ => quote!(),
            };
            rules.extend(quote!({ use ::std::#id; let _ = || { let _: () = { let _ = #id!(#given); }; }; }));
        }
        seen.push((text, is_macro));
    }
    if seen.is_empty() {
        return quote!();
    }
    quote! {
        #[allow(unused, clippy::all)]
        mod __names {
            use super::*;
            mod __std { #imports }
            use self::__std::*;
            #probes
        }
        #[allow(unused, clippy::all)]
        { #rules }
    }
}

/// Statements that compile if these constants are of types that are std's or the language's. It is said of `receivers`
/// where their methods are called.
pub fn constants(paths: &[Path], receivers: &BTreeSet<String>) -> TokenStream {
    let mut seen = Vec::new();
    let mut out = TokenStream::new();
    for path in paths {
        let name = crate::names::path_text(path);
        let last = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        if !crate::names::is_camel(&last) && !receivers.contains(&name) && !seen.contains(&name) {
            seen.push(name);
            let asked = quote_spanned!(path.span()=> ::thunder::__rt::facts::StdOrThunder::ask(&#path));
            out.extend(quote!(let _ = || #asked;));
        }
    }
    out
}

/// Types and traits of std whose functions are pure.
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
    "ToString",
    "Clone",
    "Default",
    "Iterator",
    "Ord",
    "PartialOrd",
    "Duration",
    "NonZeroUsize",
];

/// Modules of std whose functions are pure.
const MODULES: &[&str] = &["cmp", "iter", "array", "convert", "ops", "slice", "option", "num", "f32", "f64"];

/// Whether a path reads as that of a pure function of std, or of a constructor of it.
pub fn is_pure(path: &Path) -> bool {
    let names = super::segments(path);
    match &names[..] {
        [] => false,
        [name] => matches!(name.as_str(), "max" | "min" | "from_fn" | "once" | "empty" | "repeat" | "zip"),
        [owner, _] => OWNERS.contains(&owner.as_str()) || MODULES.contains(&owner.as_str()),
        [first, module, ..] if matches!(first.as_str(), "std" | "core" | "alloc") => {
            MODULES.contains(&module.as_str())
        }
        [first, .., owner, _] => {
            matches!(first.as_str(), "thunder" | "half") && OWNERS.contains(&owner.as_str())
        }
    }
}

/// The types whose functions, and the modules of std whose functions, take numbers.
const OF_NUMBERS: &str =
    "f64 f32 f16 bf16 i64 i32 i16 i8 isize u64 u32 u16 u8 usize bool char Ord PartialOrd cmp";

/// Whether a path reads as that of a function of Rust's numbers: `f32::max`, `std::cmp::max`.
pub fn of_numbers(path: &Path) -> bool {
    let names = super::segments(path);
    let owner = match &names[..] {
        [name] if matches!(name.as_str(), "max" | "min") => return true,
        [.., owner, _] => owner,
        _ => return false,
    };
    is_pure(path) && OF_NUMBERS.split_whitespace().any(|n| n == owner)
}

/// A function of Rust's numbers that is given the tensor `at`.
pub fn number_function(path: &Path, at: &Expr, diag: &mut Diagnostics) {
    let names = super::segments(path);
    let (name, last) = (names.join("::"), names.last().map_or("", String::as_str));
    let help = match last {
        "max" | "fmax" => "`x.maximum(y)`, elementwise; `x.amax(axis)` over an axis".into(),
        "min" | "fmin" => "`x.minimum(y)`, elementwise; `x.amin(axis)` over an axis".into(),
        "powi" | "powf" => "`x.pow(2.0)`, `x.square()`".into(),
        "ln" => "`x.log()`".into(),
        "from" => "`x.cast::<f32>()`".into(),
        "total_cmp" | "partial_cmp" | "cmp" => "`x.lt(y)`, `x.gt(y)`: `x < y`, elementwise".into(),
        last => match thunder_core::op::method(last) {
            Some(op) if op.args.is_empty() => format!("`x.{last}()`"),
            Some(_) => format!("`x.{last}(…)`"),
            None => "an operation of tensors".into(),
        },
    };
    diag.error(at, format!("an opaque call: `{name}` takes Rust numbers, and this is a tensor"), help);
}

/// Whether a function of std that is pure in itself calls what it is given.
pub fn calls_what_it_is_given(name: &str) -> bool {
    matches!(name, "from_fn" | "once_with" | "repeat_with" | "successors")
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

/// A function given by name to the method `of` of std, unless it is one of std's own that are pure, or what may be a
/// constructor.
///
/// A path that is `bound` is no function's. Whether it was refused.
pub fn given_static(of: &str, e: &Expr, bound: bool, diag: &mut Diagnostics) -> bool {
    let Expr::Path(p) = e else { return false };
    let constructs = may_construct(e) && TAKES_OTHERS.split_whitespace().all(|n| n != of);
    let refused = takes_closures(of) && !bound && p.qself.is_none() && !constructs && !is_pure(&p.path);
    if refused {
        given(e, diag);
    }
    refused
}

/// Whether a method of std of this name takes closures.
pub fn takes_closures(name: &str) -> bool {
    TAKES_CLOSURES.split_whitespace().any(|n| n == name)
}

/// Whether a function given by name may be a constructor.
pub fn may_construct(e: &Expr) -> bool {
    let Expr::Path(p) = e else { return false };
    p.path.segments.last().is_some_and(|s| crate::names::is_camel(&s.ident.to_string()))
}

/// The methods of std that take closures.
const TAKES_CLOSURES: &str = "all and_then any chunk_by dedup_by_key filter filter_map find find_map flat_map fold for_each \
                              inspect is_none_or is_some_and map map_err map_or map_or_else map_while max_by max_by_key \
                              min_by min_by_key ok_or_else or_else partition partition_point position reduce retain \
                              rposition scan skip_while sort_by sort_by_cached_key sort_by_key sort_unstable_by \
                              sort_unstable_by_key take_while then try_fold unwrap_or_else";

/// Those whose closures take no argument, or more than one.
const TAKES_OTHERS: &str = "chunk_by fold max_by min_by ok_or_else or_else reduce scan sort_by sort_unstable_by then \
                            try_fold unwrap_or_else map_or_else";

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

/// Whether a method of std of this name takes values of the type that its receiver is of or holds: beside a static
/// receiver they are static too.
pub fn takes_its_own(name: &str) -> bool {
    const NAMES: &str = "binary_search cmp contains copied eq extend_from_slice ends_with ge get gt le lt ne or \
                         partial_cmp push starts_with strip_prefix strip_suffix unwrap_or xor";
    NAMES.split_whitespace().any(|n| n == name)
}

/// Whether only numbers and texts have a method of this name: no operation and no module is likely to.
pub fn of_numbers_or_texts(name: &str) -> bool {
    const TEXTS: &str = "is_alphabetic is_alphanumeric is_ascii_digit is_lowercase is_numeric is_uppercase to_ascii_lowercase \
                         to_ascii_uppercase to_digit to_lowercase to_uppercase trim trim_end trim_start";
    let of_numbers = is_method_of_numbers(name)
        && !of_every_value(name)
        && !matches!(name, "size" | "bits" | "name" | "then" | "then_some");
    (of_numbers || TEXTS.split_whitespace().any(|n| n == name)) && thunder_core::op::method(name).is_none()
}

/// Whether a method of std of this name gives something that borrows from its receiver.
pub fn borrows(name: &str) -> bool {
    const NAMES: &str = "as_bytes as_deref as_ref as_slice as_str bytes char_indices chars chunk_by chunks chunks_exact \
                         first first_chunk get iter last last_chunk lines match_indices matches rchunks rmatches rsplit \
                         rsplit_once rsplitn split split_ascii_whitespace split_at split_first split_inclusive split_last \
                         split_once split_terminator split_whitespace splitn strip_prefix strip_suffix trim trim_end \
                         trim_end_matches trim_matches trim_start trim_start_matches windows";
    NAMES.split_whitespace().any(|n| n == name)
}

/// Whether a method of this name changes its receiver, if it is std's.
pub fn changes(name: &str) -> bool {
    const NAMES: &str = "append clear dedup drain extend extend_from_slice fill insert pop push push_str remove \
                         replace dedup_by dedup_by_key fill_with get_or_insert get_or_insert_with insert_str \
                         pop_back pop_front push_back push_front resize resize_with retain retain_mut reverse rotate_left \
                         rotate_right sort sort_by sort_by_cached_key sort_by_key sort_unstable sort_unstable_by \
                         sort_unstable_by_key splice split_off swap swap_remove take truncate";
    NAMES.split_whitespace().any(|n| n == name)
}

/// Whether std has a pure method of this name, on numbers, texts, `Option`s, slices, `Vec`s, ranges or iterators.
pub fn is_std_method(name: &str) -> bool {
    STD_METHODS.iter().any(|list| list.split_whitespace().any(|n| n == name))
}

/// Whether std has a pure method of this name on numbers.
pub fn is_method_of_numbers(name: &str) -> bool {
    STD_METHODS[..NUMBERS].iter().any(|list| list.split_whitespace().any(|n| n == name))
}

/// Whether every value may have a method of this name, by a trait of std's.
pub fn of_every_value(name: &str) -> bool {
    TRAITS.split_whitespace().any(|n| n == name)
}

/// Whether an expression names a variable, a constant, or a field of one: nothing is called or indexed on the way.
pub fn is_named(e: &Expr) -> bool {
    match e {
        Expr::Path(_) => true,
        Expr::Field(f) => is_named(&f.base),
        Expr::Paren(p) => is_named(&p.expr),
        Expr::Reference(r) => is_named(&r.expr),
        Expr::Unary(u) if matches!(u.op, syn::UnOp::Deref(_)) => is_named(&u.expr),
        _ => false,
    }
}

/// Whether std has a method of this name on lists or iterators.
pub fn is_method_of_several(name: &str) -> bool {
    STD_METHODS.iter().rev().take(2).any(|list| list.split_whitespace().any(|n| n == name))
}

/// The methods of traits of every value.
const TRAITS: &str = "as_mut as_ref borrow clone clone_from cloned cmp copied eq ge gt into le lt ne partial_cmp to_owned \
                      to_string try_into";

/// How many of [`STD_METHODS`] are of numbers.
const NUMBERS: usize = 3;

/// The methods of std that a static value may have, by what has them.
const STD_METHODS: &[&str] = &[
    // Numbers.
    "abs abs_diff abs_sub acos acosh asin asinh atan atan2 atanh cbrt ceil clamp copysign cos cosh count_ones \
     count_zeros div_ceil div_euclid exp exp2 exp_m1 floor fract hypot ilog ilog10 ilog2 is_finite is_infinite \
     is_multiple_of is_nan is_negative is_normal is_positive is_power_of_two is_sign_negative is_sign_positive \
     is_subnormal isqrt leading_ones leading_zeros ln ln_1p log log10 log2 max maximum midpoint min minimum mul_add \
     next_down next_multiple_of next_power_of_two next_up pow powf powi recip rem_euclid reverse_bits rotate_left \
     rotate_right round round_ties_even signum sin sin_cos sinh sqrt swap_bytes tan tanh to_be_bytes to_bits to_degrees \
     to_f32 to_f64 to_le_bytes to_ne_bytes to_radians total_cmp trailing_ones trailing_zeros trunc unsigned_abs \
     checked_add checked_div checked_ilog2 checked_mul checked_neg checked_next_power_of_two checked_pow checked_rem \
     checked_shl checked_shr checked_sub overflowing_add overflowing_mul overflowing_sub saturating_add saturating_mul \
     saturating_pow saturating_sub wrapping_add wrapping_mul wrapping_neg wrapping_pow wrapping_shl wrapping_shr \
     wrapping_sub then then_some",
    // thunder's own: of element types and options.
    "bits is_float is_int is_integer name size",
    TRAITS,
    // Texts and characters.
    "as_bytes as_str bytes char_indices chars ends_with eq_ignore_ascii_case find into_bytes into_string \
     is_alphabetic is_alphanumeric is_ascii is_ascii_alphabetic is_ascii_digit is_ascii_lowercase is_ascii_uppercase \
     is_char_boundary is_digit is_lowercase is_numeric is_uppercase is_whitespace len_utf8 lines match_indices matches \
     parse push_str repeat replace replacen rfind rmatches rsplit rsplit_once rsplitn split split_ascii_whitespace \
     split_inclusive split_once split_terminator split_whitespace splitn starts_with strip_prefix strip_suffix \
     to_ascii_lowercase to_ascii_uppercase to_digit to_lowercase to_uppercase trim trim_end trim_end_matches \
     trim_matches trim_start trim_start_matches",
    // `Option`, `Result` and `Ordering`.
    "is_eq is_ge is_gt is_le is_lt is_ne then_with and and_then as_deref err expect expect_err filter flatten get_or_insert insert inspect is_err is_none is_none_or \
     is_ok is_some is_some_and iter map map_err map_or map_or_else ok ok_or ok_or_else or or_else take transpose unwrap \
     unwrap_err unwrap_or unwrap_or_default unwrap_or_else unzip xor zip",
    // Slices, arrays and `Vec`.
    "append array_windows as_slice binary_search binary_search_by binary_search_by_key capacity chunk_by chunks \
     chunks_exact clear concat contains copy_from_slice dedup dedup_by_key drain each_ref extend extend_from_slice fill \
     first first_chunk get into_boxed_slice into_iter into_vec is_empty is_sorted is_sorted_by_key iter join last \
     last_chunk len partition_point pop push rchunks remove resize retain reverse rsplit select_nth_unstable sort \
     sort_by sort_by_cached_key sort_by_key sort_unstable sort_unstable_by sort_unstable_by_key split_at split_first \
     split_last split_off swap swap_remove to_vec truncate windows with_capacity",
    // Ranges and iterators.
    "all any by_ref chain collect count cycle end enumerate filter_map find_map flat_map fold for_each fuse is_partitioned \
     iter_mut last map_while max_by max_by_key min_by min_by_key next next_back nth nth_back partition peek peekable \
     position product reduce rev rfold rposition scan size_hint skip skip_while start step_by sum take_while try_fold \
     try_for_each unzip",
];
