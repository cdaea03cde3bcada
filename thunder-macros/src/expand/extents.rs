//! Where a body finds the extents that it names: in the shapes of its parameters, in what they hold, in their numbers.

use crate::diagnostics::Diagnostics;
use crate::parse::{Kind, Param, Pass, Receiver, Signature};
use crate::trace::Dims;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use thunder_core::types::Extent;

/// A place that gives an extent.
pub struct Source {
    /// What is there, over the dimension variables.
    extent: Extent,
    /// Its size as an expression: a `usize`, or an `Option` of one.
    pub size: TokenStream,
    /// Whether it is certainly there: a list may be empty, and an `Option` `None`.
    pub certain: bool,
}

/// Where the body finds dimension `v`, called `name`.
pub fn source(sig: &Signature, v: u8, name: &str) -> Option<Source> {
    let all = sources(sig);
    let direct =
        |certain: bool| all.iter().find(move |s| s.certain == certain && s.extent.as_var() == Some(v));
    let certainly = |size| Source { extent: Extent::var(v), size, certain: true };
    if let Some(s) = direct(true) {
        return Some(certainly(s.size.clone()));
    }
    if let Some((p, _)) = sizes(sig).find(|(_, of)| *of == name) {
        return Some(certainly(size(p)));
    }
    if let Some(size) = solved(&all, v, &mut vec![v]) {
        return Some(certainly(size));
    }
    match sig.receiver {
        Some(Receiver::Ref) => return Some(certainly(quote!(::thunder::__rt::dim(__self, #name)))),
        Some(Receiver::Own) => return Some(certainly(quote!(::thunder::__rt::dim(&__self, #name)))),
        None => {}
    }
    let s = direct(false)?;
    Some(Source { extent: s.extent, size: s.size.clone(), certain: false })
}

/// Reports a dimension that no parameter gives.
pub fn missing(sig: &Signature, name: &str, diag: &mut Diagnostics) {
    let what = format!("the body reads `{name}`, and no parameter gives it");
    let stated =
        sig.types.dims.find(name).is_some_and(|v| sources(sig).iter().any(|s| factor(s.extent, v).is_some()))
            || sig.types.divided.iter().any(|n| n == name);
    let plain = match sig.params.iter().find_map(Param::before_bindings) {
        Some(before) => format!("bind it, `{before}{name} = {name}>`; or name it in a tensor's shape"),
        None => format!("name it in a parameter's shape: `x: &Tensor<f32, ({name},)>`"),
    };
    let help = if stated {
        format!("an expression gives it only if it has one solution: `Dim<{{ 2 * {name} }}>`; else {plain}")
    } else {
        plain
    };
    diag.error(&sig.syntax.ident, what, help);
}

/// The size of `v` by an extent that has one solution for it, over what is given otherwise. `open` are the variables
/// that are being solved for.
fn solved(all: &[Source], v: u8, open: &mut Vec<u8>) -> Option<TokenStream> {
    all.iter().filter(|s| s.certain).find_map(|s| {
        let (of, rest) = factor(s.extent, v)?;
        let (of, rest, size) = (evaluated(all, &of, open)?, evaluated(all, &rest, open)?, &s.size);
        Some(quote!(::thunder::__rt::solve(#size, #of, #rest)))
    })
}

/// A sum of products: factors, and variables.
type Sum = Vec<(i64, Vec<u8>)>;

/// An extent that is linear in `v`: its factor, and what is added.
fn factor(e: Extent, v: u8) -> Option<(Sum, Sum)> {
    if e.is_unknown() {
        return None;
    }
    let (mut of, mut rest) = (Vec::new(), vec![(e.konst, Vec::new())]);
    for t in e.terms.iter().filter(|t| t.coef != 0) {
        let vars = || t.vars.iter().filter(|x| **x != 0).map(|x| x - 1);
        let others: Vec<u8> = vars().filter(|x| *x != v).collect();
        match vars().filter(|x| *x == v).count() {
            0 => rest.push((i64::from(t.coef), others)),
            1 => of.push((i64::from(t.coef), others)),
            _ => return None,
        }
    }
    (!of.is_empty()).then_some((of, rest))
}

/// A sum as an expression, if all its variables are given.
fn evaluated(all: &[Source], sum: &Sum, open: &mut Vec<u8>) -> Option<TokenStream> {
    let mut out = quote!(0i64);
    for (coef, vars) in sum {
        let mut product = quote!(#coef);
        for v in vars {
            if open.contains(v) {
                return None;
            }
            let direct =
                all.iter().find(|s| s.certain && s.extent.as_var() == Some(*v)).map(|s| s.size.clone());
            let size = match direct {
                Some(size) => size,
                None => {
                    open.push(*v);
                    let size = solved(all, *v, open);
                    open.pop();
                    size?
                }
            };
            product = quote!(#product * (#size as i64));
        }
        out = quote!(#out + #product);
    }
    Some(quote!((#out)))
}

/// All places in the parameters that give an extent.
fn sources(sig: &Signature) -> Vec<Source> {
    let of = |p: &Param| {
        let id = &p.ident;
        match &p.kind {
            // The body sees an `Option` of a reference.
            Kind::Option(inner) if p.pass == Pass::OptionRef => optional(inner, quote!(#id), quote!((*__x))),
            kind => inside(kind, quote!(#id), p.pass == Pass::Own),
        }
    };
    sig.params.iter().flat_map(of).collect()
}

/// The places in a value; `own` is whether it is no reference.
fn inside(k: &Kind, at: TokenStream, own: bool) -> Vec<Source> {
    match k {
        Kind::Tensor(ty) if !ty.shape.is_unknown() => {
            let rank = ty.shape.rank();
            let of = |i: usize| {
                if ty.shape.lead == 0 {
                    let i = Literal::usize_unsuffixed(i);
                    return quote!(#at.shape().#i);
                }
                let back = Literal::usize_unsuffixed(rank - i);
                quote!({
                    let __sizes = ::thunder::__rt::Shape::sizes(&#at.shape());
                    __sizes[__sizes.len() - #back]
                })
            };
            (0..rank).map(|i| Source { extent: ty.shape.at(i), size: of(i), certain: true }).collect()
        }
        Kind::Tuple(parts) => {
            let of = |(i, k): (usize, &Kind)| {
                let i = Literal::usize_unsuffixed(i);
                inside(k, quote!(#at.#i), true)
            };
            parts.iter().enumerate().flat_map(of).collect()
        }
        Kind::Named(n) => {
            let of = |(dim, e): &(String, Extent)| {
                let at = if own { quote!(&#at) } else { at.clone() };
                Source { extent: *e, size: quote!(::thunder::__rt::dim(#at, #dim)), certain: true }
            };
            n.bindings.iter().map(of).collect()
        }
        Kind::List(inner) => {
            let first = quote!((&#at[..]).first());
            inside(inner, quote!(__x), false).into_iter().map(|s| s.within(&first)).collect()
        }
        Kind::Option(inner) => optional(inner, at, quote!(__x)),
        _ => Vec::new(),
    }
}

/// The places in what an `Option` holds, which is at `held`.
fn optional(inner: &Kind, at: TokenStream, held: TokenStream) -> Vec<Source> {
    let there = quote!((match &#at {
        ::core::option::Option::Some(__x) => ::core::option::Option::Some(__x),
        ::core::option::Option::None => ::core::option::Option::None,
    }));
    inside(inner, held, false).into_iter().map(|s| s.within(&there)).collect()
}

impl Source {
    /// The same place, in an element that may not be there.
    fn within(self, element: &TokenStream) -> Source {
        let size = &self.size;
        let size = match self.certain {
            true => quote!(#element.map(|__x| #size)),
            false => quote!(#element.and_then(|__x| #size)),
        };
        Source { size, certain: false, ..self }
    }
}

/// The parameters `heads: Dim<H>`, with the names of their dimensions.
fn sizes(sig: &Signature) -> impl Iterator<Item = (&Param, &String)> {
    sig.params.iter().filter_map(|p| match &p.kind {
        Kind::Named(n) => n.dim.as_ref().map(|name| (p, name)),
        _ => None,
    })
}

/// What such a parameter holds.
fn size(p: &Param) -> TokenStream {
    let id = &p.ident;
    if p.pass == Pass::Own { quote!(#id) } else { quote!(*#id) }
}

/// Assertions that what a parameter `heads: Dim<H>` holds is the extent `H` of the others.
pub fn stated_sizes<'a>(sig: &'a Signature, dims: &'a Dims) -> impl Iterator<Item = TokenStream> + 'a {
    sizes(sig).filter_map(|(p, name)| {
        let v = dims.find(name)?;
        let extent = sources(sig).into_iter().find(|s| s.certain && s.extent.as_var() == Some(v))?.size;
        let given = size(p);
        let text = format!("`{}` is {{}}, and the extent `{name}` is {{}}", p.ident);
        Some(quote!(::core::assert!(#given == #extent, #text, #given, #extent);))
    })
}
