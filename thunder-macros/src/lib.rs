//! The front end of thunder: the `#[thunder]` attribute.
//!
//! ```text
//! parse -> scope, check, lower -> expand
//! ```
//!
//! A function's tokens are read into a signature (`parse`) and a body, which is interpreted abstractly in Rust's
//! order of evaluation (`lower`) over what is known of each value (`scope`); what the language rejects is
//! reported (`check`). Out come the user's own tokens, edited in place, and the compile-time trace as constant
//! data (`expand`). Nothing here reads a file, keeps state or panics; that
//! a crate has thunder under another name is seen in the compiler's arguments.

mod check;
mod diagnostics;
mod expand;
mod lower;
mod names;
mod parse;
mod root;
mod scope;
mod trace;

use diagnostics::Diagnostics;
use parse::Read;
use proc_macro2::TokenStream;

/// Makes a function, an `impl`, a `trait`, a `struct`, an `enum` or an inline `mod` part of thunder's language.
///
/// Options: `#[thunder(cuda_graph)]` on a function captures the launches of a call as one CUDA graph.
/// `#[thunder(crate = path)]` on any item says where thunder is, in a crate that does not have it as `thunder`: the name
/// it has in `Cargo.toml`, or a path such as `facade::thunder`.
#[proc_macro_attribute]
pub fn thunder(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let (options, item) = (TokenStream::from(options), TokenStream::from(item));
    // A panic here would be a bug; the user's item must not vanish with it.
    let guarded = std::panic::AssertUnwindSafe(|| {
        expand_tokens(options, item.clone(), || root::missing(std::env::args()))
    });
    let out = std::panic::catch_unwind(guarded).unwrap_or_else(|_| {
        let what = "`#[thunder]` failed on this item: a bug in thunder, please report it";
        let error = syn::Error::new(proc_macro2::Span::call_site(), what).into_compile_error();
        quote::quote!(#item #error)
    });
    out.into()
}

/// The expansion, on tokens that tests can make; or what is `missing` if nothing says where thunder is.
fn expand_tokens(
    options: TokenStream,
    item: TokenStream,
    missing: impl FnOnce() -> Option<TokenStream>,
) -> TokenStream {
    let mut diag = Diagnostics::default();
    let (options, root) = parse::Options::parse(options, &mut diag);
    if !root.is_stated()
        && let Some(error) = missing()
    {
        return error;
    }
    let mut out = match parse::read(item, &mut diag) {
        Read::Item(read) => expand::item(read, options, &mut diag),
        Read::BrokenStruct(s, fields) => expand::structure::broken(&s, &fields),
        Read::Nothing(item) => item,
    };
    out.extend(diag.into_tokens());
    root.put(out)
}

#[cfg(test)]
mod tests;
