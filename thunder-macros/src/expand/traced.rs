//! What a function and a method have in common: lowering, the trace as a constant, the edited body, the wrapper.

use super::body::{self, Apply};
use super::constant::{Constants, output};
use super::extents::{self, Source};
use super::facts::Methods;
use super::twin;
use crate::diagnostics::Diagnostics;
use crate::lower::{self, Lower, Lowered};
use crate::names;
use crate::parse::{Kind, Param, Pass, Receiver, Signature};
use crate::trace::{Body, Dims};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;
use syn::{Block, Pat};
use thunder_core::item::Lines;
use thunder_core::types::Text;

/// A lowered function.
pub struct Traced {
    /// The compile-time trace, as an expression.
    pub item: TokenStream,
    /// The statements of the body.
    pub body: TokenStream,
    /// The trace as text.
    pub text: String,
    /// Whether it certainly holds tensors.
    pub holds_tensors: bool,
}

/// Lowers `block` as the body of a function with this signature, which bears `name` in its trace.
pub fn lower(sig: &Signature, name: &str, mut block: Block, in_impl: bool, diag: &mut Diagnostics) -> Traced {
    crate::parse::label_prints(&mut block);
    let macros = lower::collect_macros(&block, diag);
    let pats: Vec<Pat> = sig.params.iter().map(|p| p.pat.clone()).collect();
    let mut lowered = {
        let mut l = Lower::new(sig.types.clone(), in_impl, &macros, diag);
        if sig.receiver.is_some() {
            l.receiver();
        }
        let kinds: Vec<(&Kind, Option<String>)> = sig
            .params
            .iter()
            .map(|p| {
                (
                    &p.kind,
                    matches!(&p.kind, Kind::Static { name } if name == "usize").then(|| p.ident.to_string()),
                )
            })
            .collect();
        let values = l.parameters(&kinds);
        for (pat, value) in pats.iter().zip(values) {
            l.bind(pat, value);
        }
        l.own = sig.own.clone();
        l.finish(&block, &sig.result)
    };
    let text = text(sig, name, &lowered.body, &lowered.types.dims);
    let (item, methods) = item(sig, name, &lowered);
    let by_reference = sig.params.iter().filter(|p| p.pass != Pass::Own).map(|p| p.ident.to_string());
    let own = (sig.receiver == Some(Receiver::Ref)).then(|| "self".to_string());
    let questions = body::own_fields::collect(&block, &macros, by_reference.chain(own).collect());
    let (head, uncertain) = head(sig, &lowered, &methods, &questions, diag);
    // Names that annotations bind have no aliases.
    lowered.types.alias = None;
    let element = {
        let generics = &lowered.types.generics;
        twin::element(&[], &lowered.body.types, &|i| generics.elems.get(i).cloned())
    };
    let mut apply = Apply {
        edits: &lowered.edits,
        macros,
        types: &lowered.types,
        in_method: sig.receiver.is_some(),
        element,
        methods,
        questions,
        uncertain,
    };
    apply.run(&mut block);
    let stmts = body::tokens(&block);
    let holds_tensors = lowered.body.types.iter().any(|ty| !ty.shape.is_unknown())
        || sig.params.iter().any(|p| matches!(p.kind, Kind::Tensor(_)));
    Traced { item, body: quote!(#head #stmts), text, holds_tensors }
}

/// The trace of a function that could not be lowered: its signature.
pub fn refused(sig: &Signature, name: &str) -> TokenStream {
    let lowered = Lowered {
        body: Body::default(),
        edits: lower::edits::Edits::default(),
        types: sig.types.clone(),
        used_dims: Default::default(),
        constants: Vec::new(),
        receivers: Default::default(),
        std_names: Vec::new(),
        claims: lower::Claims::default(),
    };
    item(sig, name, &lowered).0
}

/// The compile-time trace as an expression of type `&'static Item`; and which methods are to be traced.
fn item(sig: &Signature, name: &str, lowered: &Lowered) -> (TokenStream, Methods) {
    let c = Constants { types: &lowered.types };
    let (consts, types) = c.var_types(&lowered.body);
    let dims = &lowered.types.dims.names;
    let elems = &lowered.types.generics.elems;
    let own = sig.receiver.map(|r| {
        let by_ref = r == Receiver::Ref;
        quote!(__rt::item::Param { name: "self", ty: __rt::item::Spec::Opaque("_"), by_ref: #by_ref })
    });
    let params = own.into_iter().chain(sig.params.iter().map(|p| {
        let (name, ty, by_ref) = (p.ident.to_string(), c.spec(&p.kind), p.pass != Pass::Own);
        quote!(__rt::item::Param { name: #name, ty: #ty, by_ref: #by_ref })
    }));
    let result = c.spec(&sig.result);
    let nodes = c.nodes(&lowered.body.nodes);
    let out = output(lowered.body.output);
    let holes = Literal::u32_unsuffixed(lowered.body.holes());
    let line = Literal::u32_unsuffixed(sig.syntax.ident.span().start().line as u32);
    let cuda_graph = sig.options.cuda_graph;
    let callees = super::opaque::callees(&lowered.body.nodes);
    let (facts, methods) = super::facts::facts(sig, lowered);
    let item = quote!({
        use ::thunder::__rt;
        #callees
        #facts
        #consts
        &__rt::item::Item {
            name: #name,
            file: ::core::file!(),
            line: #line,
            dims: &[#(#dims),*],
            elems: &[#(#elems),*],
            params: &[#(#params),*],
            result: #result,
            types: #types,
            nodes: #nodes,
            output: #out,
            holes: #holes,
            options: __rt::item::Options { cuda_graph: #cuda_graph },
        }
    });
    (item, methods)
}

/// The text of the trace.
fn text(sig: &Signature, name: &str, body: &Body, dims: &Dims) -> String {
    let elems = &sig.types.generics.elems;
    let show = |k: &Kind| kind_text(k, dims, elems);
    let own =
        sig.receiver.map(|r| ("self".to_string(), if r == Receiver::Ref { "&" } else { "" }.to_string()));
    let params = sig.params.iter().map(|p| (p.ident.to_string(), show(&p.kind)));
    let (names, params): (Vec<String>, Vec<String>) = own.into_iter().chain(params).unzip();
    let elems = elems.iter().map(String::as_str).collect();
    let mut lines = Lines::new(names.iter().map(String::as_str), &body.types, dims.list(), elems);
    lines.head(name, &params, &show(&sig.result), None);
    body.print(&mut lines);
    lines.holes(body.holes());
    lines.finish()
}

/// What is said of a value, as the printed trace shows it.
pub fn kind_text(k: &Kind, dims: &Dims, elems: &[String]) -> String {
    match k {
        Kind::Tensor(ty) => {
            let elems: Vec<&str> = elems.iter().map(String::as_str).collect();
            Text::new().ty(ty, &dims.list(), &elems).as_str().to_string()
        }
        Kind::Key => "key".into(),
        Kind::Static { name } => name.clone(),
        Kind::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(|p| kind_text(p, dims, elems)).collect();
            format!("({})", parts.join(", "))
        }
        Kind::List(inner) => format!("[{}]", kind_text(inner, dims, elems)),
        Kind::Option(inner) => format!("{}?", kind_text(inner, dims, elems)),
        Kind::Closure(_) => "closure".into(),
        Kind::Named(n) if n.dim.is_some() => "usize".into(),
        Kind::Named(n) => n.name.clone(),
        Kind::Unknown | Kind::Refused => "_".into(),
    }
}

/// The closure that runs the body of a function that takes closures: it captures them, where a function could not.
pub fn inlined(sig: &Signature, traced: &Traced) -> TokenStream {
    let (types, result, body) = (argument_types(sig), &sig.output, &traced.body);
    quote!(|__args: #types| -> #result { #body })
}

/// The statements before the user's: the parameters as the user declared them, and the dimensions that the body reads.
///
/// Gives also the dimensions that may not be there, by their variables.
fn head(
    sig: &Signature,
    lowered: &Lowered,
    asked: &Methods,
    questions: &body::own_fields::Questions,
    diag: &mut Diagnostics,
) -> (TokenStream, BTreeMap<String, String>) {
    let mut uncertain = BTreeMap::new();
    let mut names: Vec<TokenStream> = Vec::new();
    let mut shadow = TokenStream::new();
    match sig.receiver {
        Some(Receiver::Ref) => {
            names.push(quote!(__self));
            shadow.extend(quote!(let __self = &__self;));
        }
        Some(Receiver::Own) => names.push(quote!(__self)),
        None => {}
    }
    for p in &sig.params {
        let id = &p.ident;
        if matches!(p.kind, Kind::Closure(_)) {
            names.push(quote!(_));
            continue;
        }
        names.push(quote!(#id));
        shadow.extend(match p.pass {
            Pass::Own => quote!(),
            Pass::Ref => quote!(let #id = &#id;),
            Pass::OptionRef => quote!(let #id = #id.as_ref();),
            Pass::Slice => quote!(let #id = &#id[..];),
            Pass::Str => quote!(let #id = #id.as_str();),
        });
    }
    let mut dims = TokenStream::new();
    let bound: Vec<&String> =
        lowered.edits.stated.values().flat_map(|s| s.binds.iter().map(|(n, _)| n)).collect();
    for name in lowered.used_dims.iter().filter(|n| !bound.contains(n)) {
        let Some(v) = lowered.types.dims.find(name) else { continue };
        let id = format_ident!("{}", names::local(name));
        match extents::source(sig, v, name) {
            Some(Source { size, certain: true, .. }) => dims.extend(quote!(let #id: usize = #size;)),
            Some(Source { size, .. }) => {
                uncertain.insert(id.to_string(), name.clone());
                dims.extend(quote!(let #id: ::core::option::Option<usize> = #size;));
            }
            None => extents::missing(sig, name, diag),
        }
    }
    let pats = sig.params.iter().filter_map(|p| match &p.pat {
        Pat::Ident(i) if i.mutability.is_none() && i.ident == p.ident => None,
        pat => {
            let id = &p.ident;
            Some(quote!(let #pat = #id;))
        }
    });
    let sizes = extents::stated_sizes(sig, &sig.types.dims);
    let statics = crate::check::hidden_state::probe(&lowered.constants);
    let constants = crate::check::opaque_call::constants(&lowered.constants, &lowered.receivers);
    let (methods, functions) = &lowered.edits.twins;
    let (methods, functions) = (twin::stand_ins(methods, &asked.fields), twin::function_stand_ins(functions));
    let shadowed = crate::check::opaque_call::shadowed(&lowered.std_names);
    let misspelt = crate::check::unknown_operation::behind(&lowered.edits.misspelt);
    let (own, own_first) = (questions.stand_ins(), &questions.first);
    let head = quote! {
        #[allow(unused_imports)]
        use ::thunder::__rt::{self, TensorOps as _};
        #[allow(unused_imports)]
        use __rt::facts::{Content as _, Elements as _, Itself as _, OfForeign as _, OfLanguage as _};
        #[allow(unused_imports)]
        use __rt::facts::{Asked as _, NotAsked as _, TwinOfStd as _};
        #[allow(unused_imports)]
        use __rt::{NoOverflow as _, Overflow as _, ShiftOverflow as _, UnaryOverflow as _};
        #[allow(unused_imports)]
        use __rt::{AsRust as _, AsTensors as _, SideAsItself as _, SideAsNumber as _};
        #methods
        #functions
        #own
        #misspelt
        #statics
        #constants
        #shadowed
        let (#(#names,)*) = __args;
        #shadow
        #(#sizes)*
        #dims
        #(#pats)*
        #own_first
    };
    (head, uncertain)
}

/// An argument as it goes into a call.
pub fn argument(p: &Param) -> TokenStream {
    let id = &p.ident;
    match p.pass {
        _ if matches!(p.kind, Kind::Closure(_)) => quote!(::thunder::__rt::Own(())),
        Pass::Own => quote!(::thunder::__rt::Own(#id)),
        Pass::Ref => quote!(::thunder::__rt::Ref(#id)),
        Pass::OptionRef => quote!(::thunder::__rt::Ref(&#id.cloned())),
        Pass::Slice => quote!(::thunder::__rt::Ref(&#id.to_vec())),
        Pass::Str => quote!(::thunder::__rt::Ref(&::std::string::String::from(#id))),
    }
}

/// The type of the body's one argument.
pub fn argument_types(sig: &Signature) -> TokenStream {
    let own = sig.receiver.map(|_| quote!(Self));
    let types = own.into_iter().chain(sig.params.iter().map(|p| {
        let ty = &p.owned;
        if matches!(p.kind, Kind::Closure(_)) { quote!(()) } else { quote!(#ty) }
    }));
    quote!((#(#types,)*))
}

/// What a refused call gives back: arguments by value, `()` for those by reference.
pub fn given_back(sig: &Signature) -> TokenStream {
    let own = sig.receiver.map(|r| if r == Receiver::Own { quote!(Self) } else { quote!(()) });
    let types = own.into_iter().chain(sig.params.iter().map(|p| {
        let ty = &p.owned;
        if p.pass == Pass::Own { quote!(#ty) } else { quote!(()) }
    }));
    quote!((#(#types,)*))
}

/// A parameter of `explain`, which takes what carries tensors by reference: its declaration, and the argument.
pub fn explained(p: &Param) -> (TokenStream, TokenStream) {
    let (id, ty) = (&p.ident, &p.ty);
    match p.pass {
        Pass::Own if !matches!(p.kind, Kind::Static { .. } | Kind::Key) => {
            (quote!(#id: &#ty), quote!(::thunder::__rt::Ref(#id)))
        }
        _ => (quote!(#id: #ty), argument(p)),
    }
}

/// The trace as a section of the documentation.
pub fn documentation(text: &str) -> TokenStream {
    let doc = format!("\n# Trace\n\n```text\n{text}```");
    quote!(#[doc = #doc])
}

/// Lints that the emitted body answers for, not the user.
pub fn allowances() -> TokenStream {
    quote! {
        #[allow(
            non_snake_case, unused_parens, unused_braces, clippy::needless_borrow, clippy::op_ref,
            clippy::too_many_arguments, clippy::type_complexity, clippy::let_unit_value,
            clippy::match_single_binding, clippy::needless_borrows_for_generic_args,
            clippy::suspicious_unary_op_formatting, clippy::deref_addrof, clippy::explicit_auto_deref,
            clippy::blocks_in_conditions, clippy::nonminimal_bool
        )]
    }
}

/// The body of an item that was refused: callers must not suffer from it too.
pub fn unimplemented() -> TokenStream {
    quote!({ ::core::unimplemented!("this `#[thunder]` function was refused") })
}

/// The attributes of an item that was refused: that its body uses nothing is not the user's doing.
pub fn excuse() -> TokenStream {
    quote!(#[allow(unused_variables, unused_mut)])
}

/// A module name that no user writes.
pub fn alias(name: &Ident) -> Ident {
    Ident::new(&format!("__{}", syn::ext::IdentExt::unraw(name)), Span::call_site())
}
