//! The signature of a function: its parameters, how each is passed, what it says of their extents.

use super::whole::{reference, stated, whole};
use super::{Generics, Kind, Options, Types};
use crate::diagnostics::Diagnostics;
use crate::lower::Own;
use crate::names;
use quote::{ToTokens, format_ident};
use syn::visit::{self, Visit};
use syn::{FnArg, GenericArgument, Ident, Pat, PathArguments, ReturnType, Type};
use thunder_core::item::MAX_PARAMS;

/// How a method takes `self`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// `&self`.
    Ref,
    /// `self`: its memory is donated.
    Own,
}

/// How an argument goes into a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    /// By value: donated.
    Own,
    /// By reference.
    Ref,
    /// `Option<&T>`.
    OptionRef,
    /// `&[T]`.
    Slice,
    /// `&str`.
    Str,
}

/// A parameter.
#[derive(Clone)]
pub struct Param {
    /// Its name, for the wrapper.
    pub ident: Ident,
    /// Its pattern, for the body.
    pub pat: Pat,
    /// How it is passed.
    pub pass: Pass,
    /// Its Rust type, as the caller sees it.
    pub ty: Type,
    /// The type that goes through the call: without references.
    pub owned: Type,
    /// What its type says.
    pub kind: Kind,
}

impl Param {
    /// What stands before the bindings of a module: `cache: &KeyValue<E, `.
    pub fn before_bindings(&self) -> Option<String> {
        let Kind::Named(super::Named { dim: None, .. }) = &self.kind else { return None };
        let Type::Path(of) = &self.owned else { return None };
        let last = of.path.segments.last()?;
        let reference = if self.pass == Pass::Own { "" } else { "&" };
        let args = match &last.arguments {
            PathArguments::AngleBracketed(a) => {
                a.args.iter().map(|a| format!("{}, ", a.to_token_stream())).collect()
            }
            _ => String::new(),
        };
        Some(format!("{}: {reference}{}<{args}", self.ident, last.ident))
    }
}

/// A signature, read and rewritten.
pub struct Signature {
    /// The rewritten syntax.
    pub syntax: syn::Signature,
    /// The names in its types.
    pub types: Types,
    /// How it takes `self`.
    pub receiver: Option<Receiver>,
    /// The type of `self`.
    pub owner: Option<Type>,
    /// The parameters, without `self`.
    pub params: Vec<Param>,
    /// What the result's type says.
    pub result: Kind,
    /// The result's Rust type.
    pub output: Type,
    /// What it is called, from inside.
    pub own: Own,
    /// What the attribute asks for.
    pub options: Options,
}

impl Signature {
    /// Whether it takes closures, and so can't be called on the host.
    pub fn takes_closures(&self) -> bool {
        self.params.iter().any(|p| matches!(p.kind, Kind::Closure(_)))
    }
}

impl Signature {
    /// Reads `syntax`, whose surroundings have the names of `outer`.
    pub fn parse(
        mut syntax: syn::Signature,
        outer: &Types,
        alias: Option<Ident>,
        diag: &mut Diagnostics,
    ) -> Signature {
        check_qualifiers(&mut syntax, diag);
        let mut types = outer.clone();
        types.alias = alias;
        types.generics.extend(&syntax.generics);
        types.collect_fn(&syntax);
        types.rewrite_generics(&mut syntax.generics);
        lead_bounds(&mut syntax.generics, &types);
        let (mut params, mut receiver) = (Vec::new(), None);
        for (i, arg) in syntax.inputs.iter_mut().enumerate() {
            match arg {
                FnArg::Receiver(r) => receiver = Some(read_receiver(r, diag)),
                FnArg::Typed(t) => {
                    crate::check::conditional_compilation::attributes(&t.attrs, diag);
                    t.attrs.retain(|a| !a.path().is_ident("cfg") && !a.path().is_ident("cfg_attr"));
                    let mutable = matches!(&*t.ty, Type::Reference(r) if r.mutability.is_some());
                    let ident = match &*t.pat {
                        Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => p.ident.clone(),
                        _ => format_ident!("__p{i}"),
                    };
                    let kind = types.read(&t.ty, diag);
                    whole(&mut t.ty, diag);
                    // What is done to a parameter that was refused is not refused again.
                    let kind = if mutable { Kind::Refused } else { kind };
                    types.rewrite(&mut t.ty);
                    let (pass, owned) = passing(&mut t.ty, diag);
                    let pat = std::mem::replace(&mut *t.pat, syn::parse_quote!(#ident));
                    params.push(Param { ident, pat, pass, ty: (*t.ty).clone(), owned, kind });
                }
            }
        }
        let (result, output) = match &mut syntax.output {
            ReturnType::Default => (Kind::Tuple(Vec::new()), syn::parse_quote!(())),
            ReturnType::Type(_, ty) => {
                let kind = types.read(ty, diag);
                stated(ty, diag);
                if let Some(r) = reference(ty) {
                    diag.error(
                        r,
                        "a `#[thunder]` function gives values, not references",
                        "the type without `&`",
                    );
                }
                types.rewrite(ty);
                (kind, (**ty).clone())
            }
        };
        check_count(&syntax, &types, diag);
        let own = Own { name: syntax.ident.to_string(), ..Own::default() };
        Signature {
            syntax,
            types,
            receiver,
            owner: None,
            params,
            result,
            output,
            own,
            options: Options::default(),
        }
    }
}

impl Types {
    /// Collects the dimensions that the types of `sig` name, in order, and what extents may refer to.
    fn collect_fn(&mut self, sig: &syn::Signature) {
        let mut stated = Stated { types: self, shapes: Vec::new() };
        for arg in &sig.inputs {
            let FnArg::Typed(t) = arg else { continue };
            if let (Pat::Ident(p), Type::Path(ty)) = (&*t.pat, &*t.ty)
                && ty.path.is_ident("usize")
            {
                stated.types.sizes.push(p.ident.to_string());
            }
            stated.visit_type(&t.ty);
            Named(&mut stated.types.named).visit_type(&t.ty);
        }
        Named(&mut stated.types.named).visit_generics(&sig.generics);
        stated.visit_generics(&sig.generics);
        if let ReturnType::Type(_, ty) = &sig.output {
            Named(&mut stated.types.named).visit_type(ty);
        }
        let trailing = std::mem::take(&mut stated.shapes);
        if let ReturnType::Type(_, ty) = &sig.output {
            stated.visit_type(ty);
        }
        for (name, n) in trailing {
            match self.trailing.iter_mut().find(|(s, _)| *s == name) {
                Some((_, most)) => *most = n.max(*most),
                None => self.trailing.push((name, n)),
            }
        }
    }

    /// Collects the dimensions that one type names.
    pub fn collect_type(&mut self, ty: &Type) {
        Stated { types: self, shapes: Vec::new() }.visit_type(ty);
    }
}

/// Finds the shapes of tensors in a type.
struct Stated<'a> {
    types: &'a mut Types,
    /// Generic shapes, with the number of dimensions stated after them.
    shapes: Vec<(String, usize)>,
}

impl<'a> Visit<'a> for Stated<'_> {
    fn visit_path_segment(&mut self, s: &'a syn::PathSegment) {
        if s.ident == "Tensor"
            && let PathArguments::AngleBracketed(a) = &s.arguments
            && let Some(GenericArgument::Type(shape)) = a.args.iter().nth(1)
        {
            let places: Vec<&Type> = match shape {
                Type::Tuple(t) => t.elems.iter().collect(),
                other => vec![other],
            };
            for (i, place) in places.iter().enumerate() {
                let Type::Path(p) = place else { continue };
                let Some(id) = names::single(&p.path).map(ToString::to_string) else { continue };
                if self.types.generics.shapes.contains(&id) {
                    if i == 0 {
                        self.shapes.push((id.clone(), places.len() - 1));
                        self.types.dims.intern(&id);
                    }
                } else if names::is_capital(&id) && matches!(shape, Type::Tuple(_)) {
                    self.types.dims.intern(&id);
                }
            }
        }
        visit::visit_path_segment(self, s);
    }
}

/// Finds the capitalised names that stand for themselves in a type.
struct Named<'a>(&'a mut Vec<String>);

impl<'a> Visit<'a> for Named<'_> {
    fn visit_type_path(&mut self, p: &'a syn::TypePath) {
        self.0.extend(names::single(&p.path).map(ToString::to_string).filter(|n| names::is_capital(n)));
        visit::visit_type_path(self, p);
    }
}

/// Gives a generic shape the bounds that counting dimensions from it needs: room for those that are stated, and
/// broadcasting with what has no more of them.
fn lead_bounds(generics: &mut syn::Generics, types: &Types) {
    let mut where_: Vec<syn::WherePredicate> = Vec::new();
    for p in generics.type_params_mut() {
        let id = p.ident.clone();
        let Some((_, n)) = types.trailing.iter().find(|(s, _)| id == s) else { continue };
        let mut less: Type = syn::parse_quote!(#id);
        for k in 1..=*n {
            if k == 1 {
                p.bounds.push(syn::parse_quote!(::thunder::__rt::Pop));
            } else {
                where_.push(syn::parse_quote!(#less: ::thunder::__rt::Pop));
            }
            less = syn::parse_quote!(<#less as ::thunder::__rt::Pop>::Less);
            let places = (0..k).map(|_| quote::quote!(usize));
            let small: Type = syn::parse_quote!((#(#places,)*));
            p.bounds.push(syn::parse_quote!(::thunder::__rt::Broadcast<#small, Out = #id>));
            where_.push(syn::parse_quote!(#small: ::thunder::__rt::Broadcast<#id, Out = #id>));
        }
    }
    if !where_.is_empty() {
        generics.make_where_clause().predicates.extend(where_);
    }
}

fn read_receiver(r: &syn::Receiver, diag: &mut Diagnostics) -> Receiver {
    match (&r.reference, r.mutability) {
        (Some(_), Some(token)) => {
            crate::check::attribute_write::receiver(token, diag);
            Receiver::Ref
        }
        (Some(_), None) => Receiver::Ref,
        (None, _) => {
            if let Type::Reference(by) = &*r.ty
                && let Some(token) = by.mutability
            {
                crate::check::attribute_write::receiver(token, diag);
                return Receiver::Ref;
            }
            if r.colon_token.is_some() && !matches!(&*r.ty, Type::Path(p) if p.path.is_ident("Self")) {
                diag.error(r, "`self` is taken by value or by reference", "`self` or `&self`");
            }
            Receiver::Own
        }
    }
}

/// How a parameter of this type is passed, and the type without references.
fn passing(ty: &mut Type, diag: &mut Diagnostics) -> (Pass, Type) {
    match ty {
        Type::Reference(r) => {
            if let Some(token) = r.mutability {
                crate::check::in_place_mutation::parameter(token, diag);
            }
            match &*r.elem {
                Type::Slice(s) => {
                    let elem = &s.elem;
                    (Pass::Slice, syn::parse_quote!(::std::vec::Vec<#elem>))
                }
                Type::Path(p) if p.path.is_ident("str") => {
                    (Pass::Str, syn::parse_quote!(::std::string::String))
                }
                elem => (Pass::Ref, elem.clone()),
            }
        }
        Type::Path(p) => {
            if let Some(s) = p.path.segments.last()
                && s.ident == "Option"
                && let PathArguments::AngleBracketed(a) = &s.arguments
                && let Some(GenericArgument::Type(Type::Reference(r))) = a.args.first()
            {
                let elem = &r.elem;
                return (Pass::OptionRef, syn::parse_quote!(::std::option::Option<#elem>));
            }
            (Pass::Own, ty.clone())
        }
        other => (Pass::Own, other.clone()),
    }
}

/// Refuses what a traced function can't be. What would breed errors of rustc's own is left out.
fn check_qualifiers(sig: &mut syn::Signature, diag: &mut Diagnostics) {
    if let Some(t) = &sig.asyncness {
        crate::check::side_effect::async_code(t, diag);
    }
    if let Some(t) = &sig.unsafety {
        crate::check::side_effect::unsafe_code(*t, diag);
    }
    if let Some(t) = sig.constness.take() {
        diag.error(t, "a `#[thunder]` function can't be `const`: it runs on a device", "a plain `fn`");
    }
    if let Some(t) = sig.abi.take() {
        diag.error(t, "a `#[thunder]` function can't have an ABI of its own", "a plain `fn`");
    }
    if let Some(t) = sig.variadic.take() {
        diag.error(t, "a `#[thunder]` function can't be variadic", "a `Vec` parameter");
    }
    if crate::parse::ty::dtype(&sig.ident.to_string()).is_some() {
        diag.error(
            &sig.ident,
            "a `#[thunder]` function can't bear the name of a built-in type",
            "another name",
        );
    }
}

/// Refuses more parameters, or more names of dimensions, than a call takes.
fn check_count(syntax: &syn::Signature, types: &Types, diag: &mut Diagnostics) {
    let (name, count) = (&syntax.ident, syntax.inputs.len());
    if count > MAX_PARAMS {
        let what =
            format!("`{name}` has {count} parameters; a `#[thunder]` function takes {MAX_PARAMS} at most");
        diag.error(&syntax.inputs[MAX_PARAMS], what, "a `#[thunder]` struct that holds several of them");
    }
    let dims = types.dims.names.len();
    if dims > MAX_DIMS {
        let what = format!("`{name}` names {dims} dimensions; a `#[thunder]` item names {MAX_DIMS} at most");
        diag.error(name, what, "`_` for those that nothing refers to");
    }
}

/// The most names of dimensions: they are numbered in one byte.
const MAX_DIMS: usize = 250;

/// The generic parameters of an item inside another.
pub fn outer(generics: &syn::Generics) -> Types {
    let mut g = Generics::default();
    g.extend(generics);
    Types { generics: g, within: true, ..Types::default() }
}
