//! A struct: the honest type, its walk, and what it says of its dimensions.

use super::constant::Constants;
use super::generics::bounded;
use super::{derived, gate, shared, traced};
use crate::diagnostics::Diagnostics;
use crate::parse::generics::{bound_names, bounds};
use crate::parse::signature::outer;
use crate::parse::{Generics, Kind, Types};
use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Field, Fields, GenericParam, ItemStruct, Member, Type};

/// What `#[thunder]` makes of a struct.
pub fn expand(mut s: ItemStruct, diag: &mut Diagnostics) -> TokenStream {
    let before = diag.mark();
    check_generics(&s.generics, diag);
    let mut types = outer(&s.generics);
    types.alias = Some(traced::alias(&s.ident));
    for f in &s.fields {
        types.collect_type(&f.ty);
    }
    let fields: Vec<FieldOf> =
        s.fields.iter_mut().enumerate().map(|(i, f)| FieldOf::read(i, f, &mut types, diag)).collect();
    let named = matches!(s.fields, Fields::Named(_));
    let name = &s.ident;
    let visits = fields.iter().map(|f| f.visit(named));
    let maps = fields.iter().map(|f| {
        let (member, map) = (&f.member, f.map(named));
        quote!(#member: #map)
    });
    let info = info(&name.to_string(), &types, &fields);
    let asked = passes(fields.iter(), &types.generics);
    let tree = tree(
        &s.generics,
        &types.generics,
        name,
        Some(info),
        quote!(#asked #(#visits)*),
        quote!(#asked #name { #(#maps),* }),
    );
    let clones = fields.iter().map(|f| {
        let member = &f.member;
        let copy = f.copy(quote!(&self.#member));
        quote!(#member: #copy)
    });
    let clone = clone(&s.attrs, &s.generics, &types.generics, name, quote!(#asked #name { #(#clones),* }));
    let with = With::of(&s.generics, &types.generics, s.fields.iter());
    let recasts = fields.iter().zip(&s.fields).map(|(f, syntax)| {
        let (member, enter) = (&f.member, f.enter(quote!(m), named));
        let value = with.field(&syntax.ty, quote!(&self.#member));
        quote!(#member: { #enter let y = #value; m.leave(); y })
    });
    let module = module(&s.generics, &types.generics, name, &with, quote!(#name { #(#recasts),* }));
    let alias = types.alias_module(0);
    let checks = super::facts::bindings(&types, None);
    let bound = (!checks.is_empty()).then(|| {
        quote! {
            const _: () = {
                use ::thunder::__rt::{self, facts::{OfForeign as _, OfLanguage as _}};
                #(#checks;)*
            };
        }
    });
    let (params, args, where_) = s.generics.split_for_impl();
    let getters = super::twin::fields(fields.iter().map(|f| (&f.member, &f.ty)));
    let getters = quote! {
        #[doc(hidden)]
        #[allow(dead_code, private_interfaces)]
        impl #params #name #args #where_ { #getters }
    };
    if diag.since(before) > 0 {
        return refused(&s, &s.ident, &s.generics, alias, derives_clone(&s.attrs));
    }
    let both = shared(&s.attrs);
    let held: Vec<Type> = fields.iter().map(|f| f.ty.clone()).collect();
    let marks = derived::marks(&s.attrs, &s.generics, name, &held, false);
    quote! {
        #(#both)* #alias
        #s
        #(#both)* const _: () = { #marks };
        #(#both)* #clone
        #(#both)* #tree
        #(#both)* #module
        #(#both)* #getters
        #(#both)* #bound
    }
}

/// A type that was refused: it is what it says, so that its users do not suffer too.
pub fn refused(
    item: &impl quote::ToTokens,
    name: &syn::Ident,
    g: &syn::Generics,
    alias: TokenStream,
    clones: bool,
) -> TokenStream {
    let stand_ins = stand_ins(name, g, clones);
    quote! {
        #alias
        #[allow(dead_code)]
        #item
        #stand_ins
    }
}

/// A struct of whose fields one can't be read. From that one on its tokens are rustc's to read again: it says the same
/// of them once more, which is shown once, and from then on says nothing of fields that are missing.
pub fn broken(s: &ItemStruct, fields: &TokenStream) -> TokenStream {
    let (attrs, vis, name) = (&s.attrs, &s.vis, &s.ident);
    let (token, params, where_) = (&s.struct_token, &s.generics.params, &s.generics.where_clause);
    let used = s.generics.params.iter().map(|p| match p {
        GenericParam::Type(t) => {
            let id = &t.ident;
            quote!(::core::marker::PhantomData<#id>)
        }
        GenericParam::Lifetime(l) => {
            let id = &l.lifetime;
            quote!(& #id ())
        }
        GenericParam::Const(_) => quote!(()),
    });
    let stand_ins = stand_ins(name, &s.generics, derives_clone(&s.attrs));
    let lists_params = (!params.is_empty()).then(|| quote!(<#params>));
    // rustc reports the end of the list where its last token stands, which is as near as a macro can come.
    let end = fields.clone().into_iter().last().map_or_else(Span::call_site, |t| t.span());
    let mut list = Group::new(Delimiter::Brace, quote!(__parameters: (#(#used,)*), #fields));
    list.set_span(end);
    quote! {
        #(#attrs)*
        #[allow(dead_code)]
        #vis #token #name #lists_params #where_ #list
        #stand_ins
    }
}

/// What users of a type rely on, without what is known of it.
fn stand_ins(name: &syn::Ident, g: &syn::Generics, clones: bool) -> TokenStream {
    // Whatever the parameters may be: `Tree` asks for this of all.
    let bounds = bounded(g, |_| true, quote!('static));
    let ((params, _, where_), (_, args, _)) = (bounds.split_for_impl(), g.split_for_impl());
    let (body, receiver, marks) = (traced::unimplemented(), receiver(g, name), derived::refused(g, name));
    // A parameter without bounds may be anything, and stays.
    let mut of = outer(g).generics;
    of.types.clear();
    let with = With::of(g, &of, std::iter::empty()).ty(name);
    let clone = (!clones).then(|| {
        quote!(impl #params ::core::clone::Clone for #name #args #where_ { fn clone(&self) -> Self #body })
    });
    quote! {
        #clone
        #receiver
        #marks
        impl #params ::thunder::__rt::DeclaredTree for #name #args #where_ {
            fn visit(&self, _: &mut dyn ::thunder::__rt::Visitor) #body
            fn map(&self, _: &mut dyn ::thunder::__rt::Mapper) -> Self #body
        }
        impl #params ::thunder::__rt::DeclaredModule for #name #args #where_ {
            type With<OtherFloat: ::thunder::__rt::Float> = #with;
            fn with<OtherFloat: ::thunder::__rt::Float>(
                &self,
                _: &mut dyn ::thunder::__rt::Mapper,
            ) -> Self::With<OtherFloat> #body
        }
    }
}

/// A field, read and rewritten.
pub struct FieldOf {
    /// How it is accessed.
    pub member: Member,
    /// What its type says.
    pub kind: Kind,
    /// Its Rust type.
    pub ty: Type,
    /// Whether it is state.
    pub buffer: bool,
}

impl FieldOf {
    /// Reads the `i`th field.
    pub fn read(i: usize, f: &mut Field, types: &mut Types, diag: &mut Diagnostics) -> FieldOf {
        crate::check::conditional_compilation::attributes(&f.attrs, diag);
        if let Type::Reference(r) = &f.ty {
            diag.error(r, "a module owns what it holds", "the type without `&`");
        }
        let kind = types.read(&f.ty, diag);
        types.rewrite(&mut f.ty);
        let buffer = f.attrs.iter().any(|a| a.path().is_ident("buffer"));
        f.attrs.retain(|a| !a.path().is_ident("buffer"));
        let member = match &f.ident {
            Some(id) => Member::Named(id.clone()),
            None => Member::Unnamed(i.into()),
        };
        FieldOf { member, kind, ty: f.ty.clone(), buffer }
    }

    /// Announces the field to the visitor or mapper `to`.
    pub fn enter(&self, to: TokenStream, named: bool) -> TokenStream {
        let buffer = self.buffer.then(|| quote!(#to.buffer();));
        match &self.member {
            Member::Named(id) if named => {
                let name = id.to_string();
                quote!(#buffer #to.field(#name);)
            }
            Member::Named(_) => quote!(#buffer),
            Member::Unnamed(i) => {
                let i = Literal::u32_unsuffixed(i.index);
                quote!(#buffer #to.index(#i);)
            }
        }
    }

    fn visit(&self, named: bool) -> TokenStream {
        let (enter, member, ty) = (self.enter(quote!(v), named), &self.member, &self.ty);
        quote!(#enter <#ty as ::thunder::__rt::Tree>::visit(&self.#member, v); v.leave();)
    }

    /// A copy of the field's value.
    pub fn copy(&self, value: TokenStream) -> TokenStream {
        let ty = &self.ty;
        quote!(<#ty as ::core::clone::Clone>::clone(#value))
    }

    fn map(&self, named: bool) -> TokenStream {
        let (enter, member, ty) = (self.enter(quote!(m), named), &self.member, &self.ty);
        quote!({ #enter let y = <#ty as ::thunder::__rt::Tree>::map(&self.#member, m); m.leave(); y })
    }
}

/// Statements by which rustc says of each field that can't be one, at its type, and nothing else of it.
pub fn passes<'f>(fields: impl Iterator<Item = &'f FieldOf>, generics: &Generics) -> TokenStream {
    let named = fields.map(|f| &f.ty).filter(|ty| !gate::own_types([*ty], generics).is_empty());
    named.map(gate::passes).collect()
}

fn info(name: &str, types: &Types, fields: &[FieldOf]) -> TokenStream {
    let c = Constants { types };
    let dims = &types.dims.names;
    let fields = fields.iter().map(|f| {
        let name = match &f.member {
            Member::Named(id) => id.to_string(),
            Member::Unnamed(i) => i.index.to_string(),
        };
        let inner = innermost(&f.kind);
        let (ty, buffer, list) = (c.spec(inner), f.buffer, is_list(&f.kind));
        let (bindings, dim) = match inner {
            Kind::Named(n) => (&n.bindings[..], n.dim.as_deref()),
            _ => (&[][..], None),
        };
        let bindings = bindings.iter().map(|(dim, e)| {
            let e = c.extent(*e);
            quote!((#dim, #e))
        });
        let dim = match dim {
            Some(d) => quote!(::core::option::Option::Some(#d)),
            None => quote!(::core::option::Option::None),
        };
        quote!(__rt::FieldInfo {
            name: #name, ty: #ty, bindings: &[#(#bindings),*], buffer: #buffer, list: #list, dim: #dim,
        })
    });
    quote!({
        use ::thunder::__rt;
        &__rt::StructInfo { name: #name, dims: &[#(#dims),*], fields: &[#(#fields),*] }
    })
}

/// What an optional or repeated field holds: that is what its type says of extents.
fn innermost(k: &Kind) -> &Kind {
    match k {
        Kind::Option(inner) | Kind::List(inner) => innermost(inner),
        other => other,
    }
}

fn is_list(k: &Kind) -> bool {
    match k {
        Kind::List(_) => true,
        Kind::Option(inner) => is_list(inner),
        _ => false,
    }
}

/// `impl Tree`, of a struct with its `info`.
pub fn tree(
    g: &syn::Generics,
    of: &Generics,
    name: &syn::Ident,
    info: Option<TokenStream>,
    visit: TokenStream,
    map: TokenStream,
) -> TokenStream {
    let bounds = bounded(g, |p| of.types.iter().any(|t| t == p), quote!(::thunder::__rt::Tree));
    let ((params, _, where_), (_, args, _)) = (bounds.split_for_impl(), g.split_for_impl());
    let (info, begin, end) = match info {
        Some(info) => (
            quote!(const INFO: ::core::option::Option<&'static ::thunder::__rt::StructInfo> =
                ::core::option::Option::Some(#info);
                const IS_STRUCT: bool = true;),
            quote!(
                if let ::core::option::Option::Some(info) = <Self as ::thunder::__rt::DeclaredTree>::INFO {
                    v.begin(info);
                }
            ),
            quote!(v.end();),
        ),
        None => (quote!(), quote!(), quote!()),
    };
    quote! {
        impl #params ::thunder::__rt::DeclaredTree for #name #args #where_ {
            #info
            fn visit(&self, v: &mut dyn ::thunder::__rt::Visitor) { #begin #visit #end }
            #[allow(unused_variables)]
            fn map(&self, m: &mut dyn ::thunder::__rt::Mapper) -> Self { #map }
        }
    }
}

/// What `Module::With` makes of a type's parameters.
pub struct With {
    /// The arguments, in order.
    args: Vec<TokenStream>,
    /// The parameters that it replaces.
    replaced: Vec<String>,
    /// Whether the type stays: it holds some `M::With<f32>` (moments, masters), whose type would not follow.
    stays: bool,
}

impl With {
    /// Reads the parameters, and the fields that use them.
    pub fn of<'a>(g: &syn::Generics, of: &Generics, fields: impl Iterator<Item = &'a Field>) -> With {
        let mut with =
            With { args: Vec::new(), replaced: Vec::new(), stays: fields.into_iter().any(projects) };
        for p in &g.params {
            let arg = match p {
                GenericParam::Type(t) => with.parameter(g, t, of),
                GenericParam::Const(c) => {
                    let id = &c.ident;
                    quote!(#id)
                }
                GenericParam::Lifetime(l) => {
                    let id = &l.lifetime;
                    quote!(#id)
                }
            };
            with.args.push(arg);
        }
        with
    }

    fn parameter(&mut self, g: &syn::Generics, t: &syn::TypeParam, of: &Generics) -> TokenStream {
        let id = &t.ident;
        let bounds = bound_names(bounds(g, t));
        let module = of.types.iter().any(|t| id == t)
            && bounds.iter().all(|n| matches!(n.as_str(), "Module" | "Tree" | "Clone"));
        let float = bounds.iter().any(|n| n == "Float");
        if float || module {
            self.replaced.push(id.to_string());
        }
        match (float, module) {
            (true, _) => quote!(OtherFloat),
            (_, true) => quote!(<#id as ::thunder::Module>::With<OtherFloat>),
            _ => quote!(#id),
        }
    }

    /// The type of the struct called `name`.
    fn ty(&self, name: &syn::Ident) -> TokenStream {
        let given = &self.args;
        match (self.stays, given.is_empty()) {
            (true, _) => quote!(Self),
            (false, true) => quote!(#name),
            (false, false) => quote!(#name<#(#given),*>),
        }
    }

    /// The value that a field of type `ty` takes: one whose type stays keeps its element types.
    pub fn field(&self, ty: &Type, value: TokenStream) -> TokenStream {
        if !self.stays && mentions(ty, &self.replaced) {
            quote!(::thunder::Module::with::<OtherFloat>(#value, m))
        } else {
            quote!(<#ty as ::thunder::__rt::Tree>::map(#value, m))
        }
    }
}

/// Whether a field's type has a `M::With<…>` in it.
fn projects(f: &Field) -> bool {
    mentions(&f.ty, &["With".to_string()])
}

/// Whether `ty` names one of `names`.
fn mentions(ty: &Type, names: &[String]) -> bool {
    struct Find<'a>(&'a [String], bool);
    impl<'a> syn::visit::Visit<'a> for Find<'_> {
        fn visit_ident(&mut self, id: &'a syn::Ident) {
            self.1 |= self.0.iter().any(|n| id == n);
        }
    }
    let mut find = Find(names, false);
    syn::visit::Visit::visit_type(&mut find, ty);
    find.1
}

/// `impl Module`, whose `with` gives `recast`.
pub fn module(
    g: &syn::Generics,
    of: &Generics,
    name: &syn::Ident,
    with: &With,
    recast: TokenStream,
) -> TokenStream {
    let bounds = bounded(g, |p| of.types.iter().any(|t| t == p), quote!(::thunder::Module));
    let ((params, _, where_), (_, args, _)) = (bounds.split_for_impl(), g.split_for_impl());
    let receiver = receiver(g, name);
    let ty = with.ty(name);
    quote! {
        #receiver


        impl #params ::thunder::__rt::DeclaredModule for #name #args #where_ {
            type With<OtherFloat: ::thunder::__rt::Float> = #ty;
            #[allow(unused_variables)]
            fn with<OtherFloat: ::thunder::__rt::Float>(&self, m: &mut dyn ::thunder::__rt::Mapper) -> Self::With<OtherFloat> {
                #recast
            }
        }
    }
}

/// `impl Clone`, unless the user derives it. Derived, it would ask of each field what `Tree` asks too.
pub fn clone(
    attrs: &[Attribute],
    g: &syn::Generics,
    of: &Generics,
    name: &syn::Ident,
    copy: TokenStream,
) -> TokenStream {
    if derives_clone(attrs) {
        return quote!();
    }
    let bounds = bounded(g, |p| of.types.iter().any(|t| t == p), quote!(::thunder::__rt::Tree));
    let ((params, _, where_), (_, args, _)) = (bounds.split_for_impl(), g.split_for_impl());
    quote! {
        impl #params ::core::clone::Clone for #name #args #where_ {
            fn clone(&self) -> Self { #copy }
        }
    }
}

/// What says that a method of this type is what its twin says.
fn receiver(g: &syn::Generics, name: &syn::Ident) -> TokenStream {
    let (params, args, where_) = g.split_for_impl();
    quote! {
        impl #params ::thunder::__rt::facts::Receiver for #name #args #where_ {
            type Reached<__M, __N> = __M;
        }
        impl #params ::thunder::__rt::facts::Declared for #name #args #where_ {}
        impl #params ::thunder::__rt::facts::Configuration for #name #args #where_ {}
        impl #params ::thunder::__rt::facts::Held for #name #args #where_ {}
    }
}

/// Whether the user derives `Clone`.
pub fn derives_clone(attrs: &[Attribute]) -> bool {
    attrs.iter().filter(|a| a.path().is_ident("derive")).any(|a| {
        let mut found = false;
        let _ = a.parse_nested_meta(|m| {
            found |= m.path.segments.last().is_some_and(|s| s.ident == "Clone");
            Ok(())
        });
        found
    })
}

/// A module owns what it holds: no lifetimes.
pub fn check_generics(g: &syn::Generics, diag: &mut Diagnostics) {
    for l in g.lifetimes() {
        diag.error(l, "a module owns what it holds, and has no lifetimes", "owned fields");
    }
}
