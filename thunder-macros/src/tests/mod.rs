//! Lowering and expansion, on tokens: what comes out, as text.

mod expansion;
mod timing;
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
    let out = crate::expand_tokens(Default::default(), tokens, || None);
    match syn::parse2::<syn::File>(out.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(e) => panic!("the expansion does not parse: {e}\n{out}"),
    }
}

/// Compares texts line by line: the first is a heading, the rest are indented under it; runs of spaces count as one.
#[track_caller]
fn same(got: &str, want: &str) {
    let clean = |s: &str| {
        let lines: Vec<&str> = s.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
        let depth = |l: &str| l.len() - l.trim_start().len();
        let least = lines.iter().skip(1).map(|l| depth(l)).min().unwrap_or(0);
        let line = |(i, l): (usize, &&str)| {
            let words = l.split_whitespace().collect::<Vec<_>>().join(" ");
            if i == 0 { words } else { format!("{}{words}", " ".repeat(depth(l) - least + 2)) }
        };
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    };
    let (got, want) = (clean(got), clean(want));
    assert!(got == want, "got:\n{got}\n\nwant:\n{want}");
}
