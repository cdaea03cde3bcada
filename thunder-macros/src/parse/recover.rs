//! What syn cannot read: rustc, which read it first, has gone on from its own error. Whoever uses the item shall not
//! suffer from it either, so as much of it is kept as can be read.

use crate::diagnostics::Diagnostics;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Block, Field, FnArg, Ident, ImplItem, Item, ItemFn, ItemImpl, ItemStruct, Token, TraitItem, Visibility,
};

/// What there is of an item.
pub enum Read {
    /// The item, perhaps without what can't be read of it.
    Item(Item),
    /// A struct whose fields can't all be read: without any, and the tokens from the first that can't be.
    BrokenStruct(ItemStruct, TokenStream),
    /// Nothing that can be read: the tokens.
    Nothing(TokenStream),
}

/// An item, without what can't be read of it. rustc has reported that, or does when it reads the tokens again, so
/// syn's words for the same are left out.
pub fn read(item: TokenStream, diag: &mut Diagnostics) -> Read {
    let unread = match syn::parse2(item.clone()) {
        Ok(read) => return Read::Item(read),
        Err(e) => e,
    };
    let before = diag.mark();
    let original = item.clone();
    let item = shapes(item, diag);
    if diag.since(before) > 0
        && let Ok(read) = syn::parse2(item.clone())
    {
        return Read::Item(read);
    }
    diag.left_to_rustc(unread.span());
    let emptied = bodies(item.clone());
    match syn::parse2(emptied.clone()).or_else(|_| syn::parse2(whole_items(emptied))) {
        Ok(mut read) => {
            // That a body which is not there uses nothing is not the user's doing.
            if let Item::Fn(ItemFn { attrs, .. }) | Item::Impl(ItemImpl { attrs, .. }) = &mut read {
                attrs.push(syn::parse_quote!(#[allow(unused_variables)]));
            }
            Read::Item(read)
        }
        Err(_) => structure(original),
    }
}

/// A struct, of whose fields one can't be read.
fn structure(item: TokenStream) -> Read {
    let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some(TokenTree::Group(g)) = header.pop() else { return Read::Nothing(item) };
    header.push(regroup(&g, TokenStream::new()));
    let Ok(mut s) = syn::parse2::<ItemStruct>(header.into_iter().collect()) else {
        return Read::Nothing(item);
    };
    match fields.parse2(g.stream()) {
        Ok(NamedFields::All(fields)) => {
            s.fields = syn::Fields::Named(syn::FieldsNamed {
                brace_token: syn::token::Brace(g.span()),
                named: fields,
            });
            Read::Item(Item::Struct(s))
        }
        Ok(NamedFields::Broken(rest)) => Read::BrokenStruct(s, rest),
        Err(_) => Read::Nothing(item),
    }
}

/// The fields of a struct.
enum NamedFields {
    /// All of them; commas may be missing.
    All(Punctuated<Field, Token![,]>),
    /// What stands from the first field that can't be read.
    Broken(TokenStream),
}

fn fields(input: ParseStream<'_>) -> syn::Result<NamedFields> {
    let mut all = Punctuated::new();
    let mut last = input.fork();
    while !input.is_empty() {
        let at = input.fork();
        match at.call(Field::parse_named) {
            // What follows a field without a comma is one more field, or part of what can't be read.
            Err(_) => {
                let from = if all.trailing_punct() || all.is_empty() { input.fork() } else { last };
                let rest: TokenStream = from.parse()?;
                // A name at the end is a field that is begun: nothing uses it yet.
                let begun = |input: ParseStream<'_>| {
                    let _: Visibility = input.parse()?;
                    if input.is_empty() { Ok(None) } else { input.parse::<Ident>().map(Some) }
                };
                let begun = begun(input).is_ok() && input.is_empty();
                input.parse::<TokenStream>()?;
                return Ok(if begun { NamedFields::All(all) } else { NamedFields::Broken(rest) });
            }
            Ok(field) => {
                if !all.empty_or_trailing() {
                    all.push_punct(Default::default());
                }
                all.push_value(field);
                last = input.fork();
                input.advance_to(&at);
                if let Ok(comma) = input.parse() {
                    all.push_punct(comma);
                }
            }
        }
    }
    Ok(NamedFields::All(all))
}

/// An `impl`, a `trait` or a `mod` without those of its items that can't be read.
fn whole_items(item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let Some(TokenTree::Group(g)) = tokens.last().cloned() else { return tokens.into_iter().collect() };
    let keyword = |k: &str| tokens.iter().any(|t| matches!(t, TokenTree::Ident(id) if id == k));
    let reads: fn(TokenStream) -> bool = if keyword("impl") {
        |t| syn::parse2::<ImplItem>(t).is_ok_and(|i| !matches!(i, ImplItem::Verbatim(_)))
    } else if keyword("trait") {
        |t| syn::parse2::<TraitItem>(t).is_ok_and(|i| !matches!(i, TraitItem::Verbatim(_)))
    } else if keyword("mod") {
        |t| syn::parse2::<Item>(t).is_ok_and(|i| !matches!(i, Item::Verbatim(_)))
    } else {
        return tokens.into_iter().collect();
    };
    let kept = kept(g.stream(), reads);
    tokens.pop();
    tokens.push(regroup(&g, kept));
    tokens.into_iter().collect()
}

/// Of a list of items those that can be read. An item that can't be ends where one could end, and may hide the next.
fn kept(items: TokenStream, reads: fn(TokenStream) -> bool) -> TokenStream {
    let mut out = TokenStream::new();
    let mut chunk: Vec<TokenTree> = Vec::new();
    for t in items {
        let ends = is(&t, ';') || matches!(&t, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
        chunk.push(t);
        if !ends {
            continue;
        }
        let starts = |t: &TokenTree| {
            is(t, '#')
                || matches!(t, TokenTree::Ident(id) if ["pub", "fn", "const", "type", "struct", "enum"].iter().any(|k| id == k))
        };
        let from = (0..chunk.len())
            .filter(|&i| i == 0 || starts(&chunk[i]))
            .find(|&i| reads(chunk[i..].iter().cloned().collect()));
        if let Some(i) = from {
            out.extend(chunk.drain(..).skip(i));
        }
        chunk.clear();
    }
    out
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

/// Parameters, with one that takes anything in the place of each that can't be read: callers are not to suffer.
fn parameters(tokens: TokenStream) -> TokenStream {
    let (mut angles, mut list) = (Angles::default(), vec![TokenStream::new()]);
    for t in tokens {
        angles.see(&t);
        if is(&t, ',') && angles.depth == 0 {
            list.push(TokenStream::new());
        } else if let Some(last) = list.last_mut() {
            last.extend([t]);
        }
    }
    if list.last().is_some_and(TokenStream::is_empty) {
        list.pop();
    }
    let read = list.into_iter().enumerate().map(|(i, p)| {
        if syn::parse2::<FnArg>(p.clone()).is_ok() {
            return p;
        }
        let name = quote::format_ident!("__unread_{i}");
        quote!(#name: impl Sized)
    });
    quote!(#(#read),*)
}

/// The item with a body that does nothing in the place of each that cannot be read, and so for parameters.
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
            TokenTree::Group(g)
                if g.delimiter() == Delimiter::Parenthesis && of == Some(true) && angles.depth == 0 =>
            {
                t = regroup(g, parameters(g.stream()));
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
