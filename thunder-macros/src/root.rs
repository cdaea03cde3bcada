//! The path by which emitted code reaches thunder: `::thunder`, or what `#[thunder(crate = …)]` says.
//!
//! Everything is emitted with `::thunder`, and the path is put in its place at the end.

use proc_macro2::{Group, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::Path;

/// The path to thunder, from any module of the user's crate.
#[derive(Clone, Default)]
pub struct Root(Option<Path>);

impl Root {
    /// What `crate = path` says; an error if the path depends on the module it stands in.
    pub fn new(path: Path) -> syn::Result<Root> {
        let first = path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
        if matches!(&first[..], "self" | "super" | "Self")
            || path.segments.iter().any(|s| !s.arguments.is_none())
        {
            let what = crate::diagnostics::message(
                "`crate` names thunder for every module of this crate",
                "the name of a crate, or a path from one or from `crate`: `crate = facade::thunder`",
            );
            return Err(syn::Error::new_spanned(path, what));
        }
        Ok(Root(Some(path)))
    }

    /// Whether it is stated.
    pub fn is_stated(&self) -> bool {
        self.0.is_some()
    }

    /// The tokens with this path in place of `::thunder`.
    pub fn put(&self, tokens: TokenStream) -> TokenStream {
        let Some(path) = &self.0 else { return tokens };
        let relative = path.segments.first().is_some_and(|s| s.ident == "crate" || s.ident == "$crate");
        let absolute = (!relative && path.leading_colon.is_none()).then(|| quote!(::));
        replace(tokens, &quote!(#absolute #path))
    }
}

fn replace(tokens: TokenStream, path: &TokenStream) -> TokenStream {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = TokenStream::new();
    let mut i = 0;
    while i < all.len() {
        if !ends_path(&all[..i])
            && let [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(name), ..] = &all[i..]
            && (a.as_char(), a.spacing(), b.as_char()) == (':', Spacing::Joint, ':')
            && name == "thunder"
        {
            // Errors about what is behind the path stand where they stood.
            out.extend(path.clone().into_iter().map(|t| spanned(t, name.span())));
            i += 3;
            continue;
        }
        out.extend([match &all[i] {
            TokenTree::Group(g) => {
                let mut new = Group::new(g.delimiter(), replace(g.stream(), path));
                new.set_span(g.span());
                TokenTree::Group(new)
            }
            other => other.clone(),
        }]);
        i += 1;
    }
    out
}

/// Whether `::` after these tokens goes on with a path: `a::thunder`, `<T as Trait>::thunder`.
fn ends_path(before: &[TokenTree]) -> bool {
    const KEYWORDS: &[&str] = &[
        "as", "use", "impl", "for", "in", "return", "mut", "dyn", "const", "if", "match", "else", "let",
        "where", "move", "break", "ref", "while",
    ];
    match before {
        [.., TokenTree::Punct(quote), TokenTree::Ident(_)] if quote.as_char() == '\'' => false,
        // The end of an arrow.
        [.., TokenTree::Punct(a), TokenTree::Punct(b)]
            if b.as_char() == '>' && matches!(a.as_char(), '-' | '=') =>
        {
            false
        }
        [.., TokenTree::Ident(i)] => !KEYWORDS.iter().any(|k| i == k),
        [.., TokenTree::Punct(p)] => p.as_char() == '>' && !ends_parameters(before),
        _ => false,
    }
}

/// Whether the `>` that these tokens end with closes generic parameters, of `impl<T>` or `for<'a>`.
fn ends_parameters(before: &[TokenTree]) -> bool {
    let mut depth = 0;
    for (i, t) in before.iter().enumerate().rev() {
        let TokenTree::Punct(p) = t else { continue };
        let arrow = i > 0
            && matches!(&before[i - 1], TokenTree::Punct(a)
                if matches!(a.as_char(), '-' | '=') && a.spacing() == Spacing::Joint);
        match p.as_char() {
            '>' if !arrow => depth += 1,
            '<' if depth > 1 => depth -= 1,
            '<' => {
                return i > 0
                    && matches!(&before[i - 1], TokenTree::Ident(id) if id == "impl" || id == "for");
            }
            _ => {}
        }
    }
    false
}

fn spanned(mut t: TokenTree, span: Span) -> TokenTree {
    // The crate that `$crate` stands for is in its span.
    if !matches!(&t, TokenTree::Ident(i) if *i == "$crate") {
        t.set_span(t.span().located_at(span));
    }
    t
}

/// What to say where this crate does not know thunder by its name, as far as the compiler's arguments tell.
///
/// A compiler that is started in another way (an editor's, one that reads its arguments from a file) says nothing, and
/// neither does this.
pub fn missing(args: impl Iterator<Item = String>) -> Option<TokenStream> {
    let known = |name: &str| name == "thunder";
    let (mut externs, mut renamed) = (0, None);
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        if arg.starts_with('@') {
            return None;
        }
        let value = match arg.split_once('=') {
            Some(("--extern", value)) => value.to_string(),
            Some(("--crate-name", name)) if known(name) => return None,
            _ if arg == "--extern" => args.next()?,
            _ if arg == "--crate-name" && args.peek().is_some_and(|n| known(n)) => return None,
            _ => continue,
        };
        let (name, file) = value.split_once('=').unwrap_or((&value, ""));
        let name = name.rsplit(':').next().unwrap_or(name);
        if known(name) {
            return None;
        }
        externs += 1;
        let stem = file.rsplit(['/', '\\']).next().unwrap_or_default();
        if stem.strip_prefix("lib").is_some_and(|s| s.split(['-', '.']).next().is_some_and(known)) {
            renamed = Some(name.to_string());
        }
    }
    if externs == 0 {
        return None;
    }
    let (what, path) = match renamed {
        Some(name) => {
            (format!("thunder is called `{name}` in this crate, and `#[thunder]` looks for `thunder`"), name)
        }
        None => {
            let what = "`thunder` is no dependency of this crate by that name, and `#[thunder]` looks for it";
            (what.to_string(), "facade::thunder".into())
        }
    };
    let help = format!("`#[thunder(crate = {path})]`, with the path by which this crate reaches thunder");
    let error = syn::Error::new(Span::call_site(), crate::diagnostics::message(&what, &help));
    Some(error.into_compile_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_are_replaced() {
        let put = |path: &str, tokens: &str| {
            let root = Root::new(syn::parse_str(path).unwrap()).unwrap();
            let want = |t: TokenStream| t.to_string().replace(' ', "");
            want(root.put(tokens.parse().unwrap()))
        };
        assert_eq!(put("tl", "f(::thunder::__rt::x)"), "f(::tl::__rt::x)");
        assert_eq!(put("tl", "&'static ::thunder::x"), "&'static::tl::x");
        assert_eq!(put("tl", "-> ::thunder::x => ::thunder::y"), "->::tl::x=>::tl::y");
        assert_eq!(put("::a::b", "<X as ::thunder::T>::thunder::y"), "<Xas::a::b::T>::thunder::y");
        let generic =
            "impl<'a, T: ?Sized + F<A<u8>>> ::thunder::X for for<'a> ::thunder::Y<T> where A<T>::thunder: Z";
        let put_there = "impl<'a,T:?Sized+F<A<u8>>>::tl::Xforfor<'a>::tl::Y<T>whereA<T>::thunder:Z";
        assert_eq!(put("tl", generic), put_there);
        assert_eq!(
            put("crate::t", "use ::thunder::x; a::thunder::b; thunder::c"),
            "usecrate::t::x;a::thunder::b;thunder::c"
        );
        assert!(Root::new(syn::parse_quote!(self::t)).is_err());
        assert!(Root::new(syn::parse_quote!(t::<u8>)).is_err());
    }

    #[test]
    fn what_the_compiler_was_told() {
        let says = |args: &str| missing(args.split_whitespace().map(String::from)).map(|t| t.to_string());
        assert_eq!(says("rustc a.rs"), None);
        assert_eq!(says("rustc --extern thunder=/t/libthunder-1.rlib"), None);
        assert_eq!(says("rustc --extern=priv:thunder=/t/libthunder-1.rlib"), None);
        assert_eq!(says("rustc --crate-name thunder --extern half=/t/libhalf-1.rlib"), None);
        assert_eq!(says("rustc --extern half=/t/libhalf-1.rlib @rest"), None);
        let text =
            says("rustc --extern tl=/t/libthunder-1.rlib --extern thunder_core=/t/libthunder_core-1.rlib");
        let text = text.unwrap();
        assert!(text.contains("thunder is called `tl`") && text.contains("#[thunder(crate = tl)]"), "{text}");
        let text = says("rustc --extern facade=/t/libfacade-1.rmeta").unwrap();
        assert!(text.contains("`thunder` is no dependency of this crate"), "{text}");
    }
}
