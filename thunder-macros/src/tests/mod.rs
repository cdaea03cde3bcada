//! Lowering and expansion, on tokens: what comes out, as text.

mod expansion;
mod traces;

use crate::diagnostics::Diagnostics;
use crate::expand::traced;
use crate::parse::signature::outer;
use crate::parse::{Signature, Types};

/// The trace of a function, or the errors it has.
fn trace(source: &str) -> String {
    let f: syn::ItemFn = syn::parse_str(source).expect("the test's source parses");
    let mut diag = Diagnostics::default();
    let name = f.sig.ident.to_string();
    let sig = Signature::parse(f.sig, &Types::default(), None, &mut diag);
    let t = traced::lower(&sig, &name, *f.block, false, &mut diag);
    finish(diag, t)
}

/// The trace of the one method of an `impl`, or the errors it has.
fn method(source: &str) -> String {
    let i: syn::ItemImpl = syn::parse_str(source).expect("the test's source parses");
    let mut diag = Diagnostics::default();
    let types = outer(&i.generics);
    let Some(syn::ImplItem::Fn(f)) = i.items.into_iter().next() else { panic!("no method") };
    let name = f.sig.ident.to_string();
    let sig = Signature::parse(f.sig, &types, None, &mut diag);
    let t = traced::lower(&sig, &name, f.block, sig.receiver.is_some(), &mut diag);
    finish(diag, t)
}

fn finish(diag: Diagnostics, t: traced::Traced) -> String {
    if diag.is_empty() { t.text } else { diag.messages().join("\n") }
}

/// The expansion, formatted.
fn expand(source: &str) -> String {
    let tokens: proc_macro2::TokenStream = source.parse().expect("the test's source parses");
    let out = crate::expand_tokens(Default::default(), tokens);
    match syn::parse2::<syn::File>(out.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(e) => panic!("the expansion does not parse: {e}\n{out}"),
    }
}

/// Compares texts line by line, trailing spaces and the common indentation aside.
fn same(got: &str, want: &str) {
    let clean = |s: &str| {
        let lines: Vec<&str> = s.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
        let indent = lines.iter().map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
        lines.iter().map(|l| l[indent..].to_string()).collect::<Vec<_>>().join("\n")
    };
    let (got, want) = (clean(got), clean(want));
    assert!(got == want, "got:\n{got}\n\nwant:\n{want}");
}
