//! What a signature must say whole: no part of a parameter is borrowed, and only extents are left open.

use crate::diagnostics::Diagnostics;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, ParenthesizedGenericArguments, PathArguments, Type};

/// The first reference in a type, closures' own types apart.
pub fn reference(ty: &Type) -> Option<syn::TypeReference> {
    struct Find(Option<syn::TypeReference>);
    impl<'a> Visit<'a> for Find {
        fn visit_type_reference(&mut self, r: &'a syn::TypeReference) {
            self.0.get_or_insert(r.clone());
        }
        fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}
        fn visit_type_bare_fn(&mut self, _: &'a syn::TypeBareFn) {}
        fn visit_type_trait_object(&mut self, _: &'a syn::TypeTraitObject) {}
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

/// Refuses a parameter's type of which a part is borrowed, or not stated; what stands in its place breeds no error.
pub fn whole(ty: &mut Type, diag: &mut Diagnostics) {
    stated(ty, diag);
    let inner = match &mut *ty {
        Type::Reference(r) => match &mut *r.elem {
            Type::Slice(s) => &mut s.elem,
            other => other,
        },
        Type::Path(p) => match p.path.segments.last_mut() {
            Some(s) if s.ident == "Option" => match &mut s.arguments {
                PathArguments::AngleBracketed(a) => match a.args.first_mut() {
                    Some(GenericArgument::Type(Type::Reference(r))) if r.mutability.is_none() => &mut r.elem,
                    _ => ty,
                },
                _ => ty,
            },
            _ => ty,
        },
        _ => ty,
    };
    let Some(r) = reference(inner) else { return };
    match r.mutability {
        Some(token) => crate::check::in_place_mutation::parameter(token, diag),
        None => diag.error(
            r.and_token,
            "a part of a parameter is borrowed, and an argument is taken whole, by value or by reference",
            "the type without this `&`; or `&` before the whole: `&T`, `Option<&T>`, `&[T]`",
        ),
    }
    Owned.visit_type_mut(inner);
}

/// Takes the references out of a type.
struct Owned;

impl VisitMut for Owned {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        while let Type::Reference(r) = ty {
            *ty = (*r.elem).clone();
        }
        visit_mut::visit_type_mut(self, ty);
    }
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}

/// Refuses `_` in a signature, but for an extent; what stands in its place breeds no error.
pub fn stated(ty: &mut Type, diag: &mut Diagnostics) {
    struct Open<'d>(&'d mut Diagnostics);
    impl Open<'_> {
        fn refuse(&mut self, ty: &mut Type, what: &str, help: &str, instead: Type) {
            if let Type::Infer(i) = ty {
                self.0.error(i, format!("a signature states {what}, and `_` leaves it open"), help);
                *ty = instead;
            }
        }
    }
    impl VisitMut for Open<'_> {
        fn visit_path_segment_mut(&mut self, s: &mut syn::PathSegment) {
            let tensor = s.ident == "Tensor" || s.ident == "Scalar";
            if let PathArguments::AngleBracketed(a) = &mut s.arguments
                && tensor
            {
                for (i, arg) in a.args.iter_mut().enumerate() {
                    let GenericArgument::Type(ty) = arg else { continue };
                    if i == 0 {
                        let help = "`f32`, or a generic: `E: Float`";
                        self.refuse(ty, "a tensor's element type", help, syn::parse_quote!(f32));
                    } else {
                        let help = "a place for each dimension, `(_, _)`; or a generic, `S: Shape`";
                        self.refuse(ty, "a tensor's rank", help, syn::parse_quote!(()));
                    }
                }
                return;
            }
            visit_mut::visit_path_segment_mut(self, s);
        }
        fn visit_type_mut(&mut self, ty: &mut Type) {
            self.refuse(
                ty,
                "every type",
                "the type: `Tensor<E, S>`, a module, a number",
                syn::parse_quote!(()),
            );
            visit_mut::visit_type_mut(self, ty);
        }
    }
    Open(diag).visit_type_mut(ty);
}
