//! What syn cannot read: rustc, which read it first, has gone on from its own error. Whoever uses the item shall not
//! suffer from it either, so as much of it is kept as can be read.

use crate::diagnostics::Diagnostics;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Block, Item, ItemFn, ItemImpl};

/// An item, without what cannot be read of it, which is reported.
pub fn read(item: TokenStream, diag: &mut Diagnostics) -> Option<Item> {
    let unread = match syn::parse2(item.clone()) {
        Ok(read) => return Some(read),
        Err(e) => e,
    };
    let before = diag.mark();
    let item = shapes(item, diag);
    if diag.since(before) > 0
        && let Ok(read) = syn::parse2(item.clone())
    {
        return Some(read);
    }
    diag.push(unread);
    let mut read = syn::parse2(bodies(item)).ok()?;
    // That a body which is not there uses nothing is not the user's doing.
    if let Item::Fn(ItemFn { attrs, .. }) | Item::Impl(ItemImpl { attrs, .. }) = &mut read {
        attrs.push(syn::parse_quote!(#[allow(unused_variables)]));
    }
    Some(read)
}

fn is(t: &TokenTree, c: char) -> bool {
    matches!(t, TokenTree::Punct(p) if p.as_char() == c)
}

fn regroup(g: &Group, inside: TokenStream) -> TokenTree {
    let mut group = Group::new(g.delimiter(), inside);
    group.set_span(g.span());
    group.into()
}

/// How many `<` are open.
#[derive(Default)]
struct Angles {
    depth: usize,
    dash: bool,
}

impl Angles {
    fn see(&mut self, t: &TokenTree) {
        if is(t, '<') {
            self.depth += 1;
        } else if is(t, '>') && !self.dash {
            self.depth = self.depth.saturating_sub(1);
        }
        // The arrow of a closure's type is no end.
        self.dash = is(t, '-');
    }
}

/// Reports the numbers in tensors' shapes, `Tensor<f32, (3, 4)>`, which are no types, and gives the tokens with `_` in
/// their places, which states nothing.
fn shapes(tokens: TokenStream, diag: &mut Diagnostics) -> TokenStream {
    // The argument of `Tensor<…>` that the walk is at.
    let (mut angles, mut named, mut argument) = (Angles::default(), false, None);
    let walk = tokens.into_iter().map(|t| {
        let outside = angles.depth;
        angles.see(&t);
        match argument {
            None if named && is(&t, '<') => argument = Some((outside, 0)),
            Some((around, _)) if angles.depth == around => argument = None,
            Some((around, n)) if angles.depth == around + 1 && is(&t, ',') => {
                argument = Some((around, n + 1))
            }
            _ => {}
        }
        named = matches!(&t, TokenTree::Ident(id) if id == "Tensor") || named && is(&t, ':');
        let TokenTree::Group(g) = t else { return t };
        let of_tensor = argument.is_some_and(|(around, n)| n == 1 && angles.depth == around + 1);
        let shape = of_tensor && g.delimiter() == Delimiter::Parenthesis;
        regroup(&g, if shape { places(g.stream(), diag) } else { shapes(g.stream(), diag) })
    });
    walk.collect()
}

/// The places of a shape; its numbers are reported once, with what to write.
fn places(shape: TokenStream, diag: &mut Diagnostics) -> TokenStream {
    let list: Vec<TokenTree> = shape.into_iter().collect();
    let places: Vec<&[TokenTree]> = list.split(|t| is(t, ',')).collect();
    let mut first = None;
    let (mut out, mut help) = (Vec::new(), Vec::new());
    for place in places {
        let tokens: TokenStream = place.iter().cloned().collect();
        let number = place.iter().any(|t| matches!(t, TokenTree::Literal(_)));
        if !number || place.iter().any(|t| is(t, '<')) {
            help.push(tokens.to_string());
            out.push(tokens);
            continue;
        }
        help.push(if place.len() == 1 { format!("Dim<{tokens}>") } else { format!("Dim<{{ {tokens} }}>") });
        first.get_or_insert(tokens);
        out.push(quote!(_));
    }
    if let Some(first) = first {
        let what = "a shape names its dimensions, and this is a number";
        diag.error(first, what, format!("`({})`", help.join(", ").trim_end()));
    }
    quote!(#(#out),*)
}

/// The item with a body that does nothing in the place of each that cannot be read.
fn bodies(tokens: TokenStream) -> TokenStream {
    let (mut angles, mut of) = (Angles::default(), None);
    let mut out = TokenStream::new();
    for mut t in tokens {
        angles.see(&t);
        match &t {
            TokenTree::Ident(id)
                if ["fn", "impl", "trait", "mod"].iter().any(|k| id == k) && of.is_none() =>
            {
                of = Some(id == "fn");
            }
            TokenTree::Group(g) if g.delimiter() == Delimiter::Brace && angles.depth == 0 => {
                match of.take() {
                    Some(true) if syn::parse2::<Block>(t.to_token_stream()).is_err() => {
                        t = regroup(g, quote!(unreachable!()));
                    }
                    Some(false) => t = regroup(g, bodies(g.stream())),
                    _ => {}
                }
            }
            _ if is(&t, ';') => of = None,
            _ => {}
        }
        out.extend([t]);
    }
    out
}
