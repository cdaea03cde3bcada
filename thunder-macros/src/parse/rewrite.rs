//! The Rust that the language's types become: dimension names are rewritten to aliases of `usize`.

use super::Types;
use crate::names;
use quote::{format_ident, quote};
use syn::{GenericArgument, Ident, PathArguments, Type};

impl Types {
    /// Rewrites `ty` to the honest Rust type.
    pub fn rewrite(&self, ty: &mut Type) {
        match ty {
            // Refused; what stands in its place breeds no further errors.
            // Not every trait can be one's of an object; a closure is still called.
            Type::TraitObject(t) if super::generics::closure_bound(&t.bounds).is_none() => {
                *ty = syn::parse_quote!(::thunder::__rt::Refused<()>);
            }
            Type::TraitObject(_) | Type::BareFn(_) | Type::Ptr(_) => {
                *ty = syn::parse_quote!(::thunder::__rt::Refused<#ty>);
            }
            Type::Path(p) if is_refused(p) && !(self.in_body && is_result(p)) => {
                *ty = syn::parse_quote!(::thunder::__rt::Refused<#p>)
            }
            Type::Path(p) if crate::check::foreign_tensor::is_short(p) => {}
            Type::Path(p) if crate::check::foreign_tensor::is_partial(p) => *ty = syn::parse_quote!(()),
            Type::Path(p) => {
                if p.path.segments.last().is_some_and(|s| s.ident == "Dim") {
                    *ty = syn::parse_quote!(usize);
                    return;
                }
                if let Some(q) = &mut p.qself {
                    self.rewrite(&mut q.ty);
                }
                self.rewrite_path(&mut p.path);
            }
            Type::Reference(r) => self.rewrite(&mut r.elem),
            Type::Paren(p) => self.rewrite(&mut p.elem),
            Type::Group(g) => self.rewrite(&mut g.elem),
            Type::Tuple(t) => t.elems.iter_mut().for_each(|e| self.rewrite(e)),
            Type::Array(a) => self.rewrite(&mut a.elem),
            Type::Slice(s) => self.rewrite(&mut s.elem),
            Type::ImplTrait(t) => t.bounds.iter_mut().for_each(|b| self.rewrite_bound(b)),
            // What else there is has been refused by `read`.
            _ => {}
        }
    }

    /// Rewrites the tensor types in the bounds of generic parameters.
    pub fn rewrite_generics(&self, generics: &mut syn::Generics) {
        for p in generics.type_params_mut() {
            p.bounds.iter_mut().for_each(|b| self.rewrite_bound(b));
        }
        for p in generics.where_clause.iter_mut().flat_map(|w| &mut w.predicates) {
            if let syn::WherePredicate::Type(t) = p {
                t.bounds.iter_mut().for_each(|b| self.rewrite_bound(b));
            }
        }
    }

    /// Rewrites the tensor types among a bound's arguments: `Fn(&Tensor<E, (B,)>) -> …`.
    fn rewrite_bound(&self, b: &mut syn::TypeParamBound) {
        if let syn::TypeParamBound::Trait(t) = b {
            for s in &mut t.path.segments {
                match &mut s.arguments {
                    PathArguments::Parenthesized(p) => {
                        p.inputs.iter_mut().for_each(|t| self.rewrite(t));
                        if let syn::ReturnType::Type(_, t) = &mut p.output {
                            self.rewrite(t);
                        }
                    }
                    PathArguments::AngleBracketed(a) => a.args.iter_mut().for_each(|a| match a {
                        GenericArgument::Type(t) => self.rewrite(t),
                        GenericArgument::AssocType(t) => self.rewrite(&mut t.ty),
                        _ => {}
                    }),
                    PathArguments::None => {}
                }
            }
        }
    }

    /// Rewrites the generic arguments of a path to a type.
    pub fn rewrite_path(&self, path: &mut syn::Path) {
        for s in &mut path.segments {
            let PathArguments::AngleBracketed(a) = &mut s.arguments else { continue };
            let tensor = s.ident == "Tensor" && a.args.len() == 2;
            let kept =
                std::mem::take(&mut a.args).into_iter().enumerate().filter_map(
                    |(i, mut arg)| match &mut arg {
                        GenericArgument::AssocType(_) | GenericArgument::AssocConst(_) => None,
                        GenericArgument::Type(t) => {
                            if tensor && i == 1 {
                                self.rewrite_shape(t);
                            } else {
                                self.rewrite(t);
                            }
                            Some(arg)
                        }
                        _ => Some(arg),
                    },
                );
            a.args = kept.collect();
            if a.args.is_empty() {
                s.arguments = PathArguments::None;
            }
        }
    }

    fn rewrite_shape(&self, ty: &mut Type) {
        let Type::Tuple(t) = ty else {
            if let Type::Path(p) = ty
                && let Some(id) = names::single(&p.path)
                && self.generics.shapes.iter().any(|s| id == s)
            {
                *ty = self.led(&id.clone(), 0);
            }
            return;
        };
        if let Some(Type::Path(p)) = t.elems.first()
            && let Some(id) = names::single(&p.path)
            && self.generics.shapes.iter().any(|s| id == s)
        {
            *ty = self.led(&id.clone(), t.elems.len() - 1);
            return;
        }
        for e in &mut t.elems {
            let alias = match (&self.alias, &*e) {
                (Some(module), Type::Path(p)) => match names::single(&p.path) {
                    Some(id)
                        if self.dims.find(&id.to_string()).is_some()
                            && !self.generics.consts.iter().any(|c| id == c) =>
                    {
                        Some(syn::parse_quote!(#module::#id))
                    }
                    _ => None,
                },
                _ => None,
            };
            *e = alias.unwrap_or_else(|| syn::parse_quote!(usize));
        }
    }

    /// The Rust type of `stated` dimensions after the generic shape `id`.
    ///
    /// `(S, C)` can't be written over `S`, because rustc could not infer `S` from it. So `id` stands for the whole
    /// shape of the parameter that states the most, and what has fewer or more is counted from there.
    fn led(&self, id: &Ident, stated: usize) -> Type {
        let most = self.trailing.iter().find(|(s, _)| id == s).map_or(0, |(_, n)| *n);
        let mut ty: Type = syn::parse_quote!(#id);
        for _ in stated..most {
            ty = syn::parse_quote!(<#ty as ::thunder::__rt::Pop>::Less);
        }
        for _ in most..stated {
            ty = syn::parse_quote!(<#ty as ::thunder::__rt::Push>::More);
        }
        ty
    }

    /// The module of aliases that rewritten types name.
    pub fn alias_module(&self, skip: usize) -> proc_macro2::TokenStream {
        let Some(module) = &self.alias else { return quote!() };
        let names = self.dims.names.iter().enumerate().skip(skip).filter_map(|(i, n)| {
            let usable = self.dims.consts[i].is_none()
                && names::is_capital(n)
                && !self.generics.shapes.contains(n)
                && !self.generics.consts.contains(n);
            usable.then(|| format_ident!("{n}"))
        });
        quote! {
            #[doc(hidden)]
            #[allow(dead_code, missing_docs, non_camel_case_types)]
            pub mod #module { #(pub type #names = usize;)* }
        }
    }
}

fn is_result(p: &syn::TypePath) -> bool {
    p.path.segments.last().is_some_and(|s| s.ident == "Result")
}

/// Whether a type's values are places, or shared, or in a container that is refused.
fn is_refused(p: &syn::TypePath) -> bool {
    crate::check::foreign_tensor::is_container(p)
        || p.path.segments.last().is_some_and(|s| {
            s.ident == "Rc" || s.ident == "Arc" || crate::check::side_effect::is_cell(&s.ident.to_string())
        })
}
