//! What of a type's own code std's traits may run: what is derived, and what an `impl` under `#[thunder]` has.

use super::generics::bounded;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, GenericArgument, Generics, Path, PathArguments, Type};

/// The traits that `derive` gives and that a body may reach.
const DERIVED: &[&str] = &["Default", "PartialEq", "PartialOrd", "Ord"];

/// The traits of std's whose `impl` may be `#[thunder]`, and which of them have a type on the other side.
const OF_STD: &[&str] = &[
    "Default",
    "PartialEq",
    "PartialOrd",
    "Ord",
    "FromStr",
    "FromIterator",
    "Sum",
    "Product",
    "Extend",
    "IntoIterator",
    "Deref",
    "Index",
    "AsRef",
    "Borrow",
    "Display",
    "Neg",
    "Not",
];
const WITH_ANOTHER: &[&str] =
    &["From", "TryFrom", "Add", "Sub", "Mul", "Div", "Rem", "BitAnd", "BitOr", "BitXor", "Shl", "Shr"];

/// The marker of one of std's traits.
pub fn by(name: &str) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    quote!(::thunder::__rt::facts::by::#name)
}

/// Marks what is derived of a type: it is pure if what its fields have is. Of an enum the default is a plain variant.
pub fn marks(attrs: &[Attribute], g: &Generics, name: &Ident, fields: &[Type], is_enum: bool) -> TokenStream {
    let derives = derives(attrs);
    // A type that holds itself would be asked for ever.
    let fields: Vec<&Type> =
        fields.iter().filter(|ty| !super::method::names(ty, &name.to_string())).collect();
    let marks = DERIVED.iter().filter(|d| derives.iter().any(|n| n == *d)).map(|d| {
        let (by, mut g) = (by(d), bounded(g, |_| false, quote!()));
        let where_ = g.where_clause.as_ref().map(|w| w.predicates.clone()).unwrap_or_default();
        let (_, args, _) = g.split_for_impl();
        let args = quote!(#args);
        // The parameter more keeps rustc from asking before anybody does.
        g.params.push(syn::parse_quote!(__W: ?::core::marker::Sized));
        let params = &g.params;
        let asked = fields.iter().filter(|_| !(is_enum && *d == "Default"));
        let predicates = where_.iter();
        quote! {
            #[allow(private_bounds)]
            impl<#params> ::thunder::__rt::facts::Transparent<#by, __W> for #name #args
            where #(#predicates,)* #(#asked: ::thunder::__rt::facts::Transparent<#by, __W>,)* {}
        }
    });
    let (params, args, where_) = g.split_for_impl();
    let from = by("From");
    let plain = {
        let mut g = bounded(g, |_| false, quote!());
        let where_ = g.where_clause.as_ref().map(|w| w.predicates.clone()).unwrap_or_default();
        g.params.push(syn::parse_quote!(__Ever));
        let (params, predicates) = (&g.params, where_.iter());
        quote! {
            #[allow(private_bounds)]
            impl<#params> ::thunder::__rt::facts::Plain<__Ever> for #name #args
            where #(#predicates,)* #(#fields: ::thunder::__rt::facts::Plain<__Ever>,)* {}
        }
    };
    quote! {
        #(#marks)*
        #plain
        impl #params ::thunder::__rt::facts::Transparent<#from, Self> for #name #args #where_ {}
        impl #params ::thunder::__rt::facts::Transparent<::thunder::__rt::facts::by::Right<#from>, Self>
            for #name #args #where_ {}
        impl #params ::thunder::__rt::facts::Transparent<
            ::thunder::__rt::facts::by::Right<#from>,
            ::thunder::__rt::facts::Nothing,
        > for #name #args #where_ {}
    }
}

/// The names of the traits of std's that a type derives, as far as the attributes below this one say.
fn derives(attrs: &[Attribute]) -> Vec<String> {
    let mut out = Vec::new();
    for a in attrs.iter().filter(|a| a.path().is_ident("derive")) {
        let _ = a.parse_nested_meta(|m| {
            let of_std = m.path.segments.len() == 1
                || m.path.segments.first().is_some_and(|s| s.ident == "std" || s.ident == "core");
            out.extend(m.path.segments.last().filter(|_| of_std).map(|s| s.ident.to_string()));
            Ok(())
        });
    }
    out
}

/// What marks a type that was refused: it breeds no further errors.
pub fn refused(g: &Generics, name: &Ident) -> TokenStream {
    let mut all = bounded(g, |_| false, quote!());
    let (_, args, where_) = g.split_for_impl();
    all.params.push(syn::parse_quote!(__By));
    all.params.push(syn::parse_quote!(__W: ?::core::marker::Sized));
    let params = &all.params;
    quote!(impl<#params> ::thunder::__rt::facts::Transparent<__By, __W> for #name #args #where_ {})
}

/// Whether `path` names a trait of std's that a body may reach without naming it.
pub fn is_std_trait(path: &Path) -> bool {
    let of_std = path.segments.len() == 1
        || path.segments.first().is_some_and(|s| ["std", "core", "alloc"].iter().any(|n| s.ident == n));
    of_std && path.segments.last().is_some_and(|s| OF_STD.iter().chain(WITH_ANOTHER).any(|n| s.ident == n))
}

/// Whether a trait's methods give a `bool` or an order, which no tensor is.
pub fn compares(path: &Path) -> bool {
    path.segments.last().is_some_and(|s| ["PartialEq", "PartialOrd", "Ord"].iter().any(|n| s.ident == n))
}

/// Whether `path` names a trait that is certainly none of the language's.
pub fn is_foreign_trait(path: &Path) -> bool {
    const OTHERS: &str = "Clone Copy Debug Drop Eq Hash Iterator DoubleEndedIterator ExactSizeIterator DerefMut IndexMut \
                          AddAssign SubAssign MulAssign DivAssign RemAssign AsMut BorrowMut ToOwned ToString Write Module Tree";
    is_std_trait(path)
        || path.segments.last().is_some_and(|s| OTHERS.split_whitespace().any(|n| s.ident == n))
}

/// Marks an `impl` of a trait of std's that holds no tensors as traced: its methods are plain code under the same rules.
pub fn implemented(path: &Path, of: &Type, g: &Generics) -> TokenStream {
    let Some(last) = path.segments.last() else { return quote!() };
    let name = last.ident.to_string();
    let by = by(&name);
    let of = referred(of);
    let (params, _, where_) = g.split_for_impl();
    // Those of comparisons and of what has no other side hold beside any type.
    if !WITH_ANOTHER.contains(&name.as_str()) {
        let mut g = bounded(g, |_| false, quote!());
        g.params.push(syn::parse_quote!(__W: ?::core::marker::Sized));
        let params = &g.params;
        return quote! {
            impl<#params> ::thunder::__rt::facts::Transparent<#by, __W> for #of #where_ {}
        };
    }
    let other = match &last.arguments {
        PathArguments::AngleBracketed(a) => a.args.iter().find_map(|a| match a {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        }),
        _ => None,
    };
    let other = other.unwrap_or_else(|| of.clone());
    let right = referred(&other);
    // A type that is not of this crate can't be marked, and std's need not be.
    let mark = |ty: &Type, by: TokenStream, with: &Type| {
        (!is_std_type(ty)).then(|| {
            quote! {
                impl #params ::thunder::__rt::facts::Transparent<#by, #with> for #ty #where_ {}
            }
        })
    };
    let (left, right) =
        (mark(of, by.clone(), &other), mark(right, quote!(::thunder::__rt::facts::by::Right<#by>), of));
    quote!(#left #right)
}

/// A type without references to it.
fn referred(ty: &Type) -> &Type {
    match ty {
        Type::Reference(r) => referred(&r.elem),
        other => other,
    }
}

/// Whether a type is one of std's by its name.
fn is_std_type(ty: &Type) -> bool {
    match ty {
        Type::Path(p) => p.path.segments.last().is_some_and(|s| {
            let name = s.ident.to_string();
            crate::parse::ty::is_static(&name)
                || matches!(name.as_str(), "usize" | "Option" | "Vec" | "Box" | "Tensor" | "Scalar")
        }),
        _ => true,
    }
}
