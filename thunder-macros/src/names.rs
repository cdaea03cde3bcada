//! What names say: which look like dimensions, which like types, and the text of paths.

use syn::{Expr, Ident, Path};

/// The path as written, generic arguments left out: `nn::rms_norm`.
pub fn path_text(path: &Path) -> String {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    names.join("::")
}

/// The identifier, if the path is one and nothing else.
pub fn single(path: &Path) -> Option<&Ident> {
    if path.leading_colon.is_none() { path.get_ident() } else { None }
}

/// Whether a name starts with a capital: a type, a constant or a dimension.
pub fn is_capital(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

/// Whether a name is in camel case: a type or a variant rather than a constant.
pub fn is_camel(name: &str) -> bool {
    is_capital(name) && name.chars().any(char::is_lowercase)
}

/// Whether an unbound capitalised name in a method is taken for a dimension of its struct: `H`, `T1`, `Out`;
/// `EPS` and longer capitals are constants.
pub fn is_dimension(name: &str) -> bool {
    is_capital(name) && !matches!(name, "None" | "Self") && (is_camel(name) || name.len() <= 2)
}

/// The identifier, if the expression is one and nothing else, parentheses aside.
pub fn ident(e: &Expr) -> Option<&Ident> {
    match e {
        Expr::Path(p) if p.qself.is_none() && p.attrs.is_empty() => single(&p.path),
        Expr::Paren(p) => ident(&p.expr),
        Expr::Group(g) => ident(&g.expr),
        _ => None,
    }
}

/// The last generic type arguments of a path: those of `Tensor::<E, S>` or `cast::<f32>`.
pub fn last_args(path: &Path) -> Option<&syn::AngleBracketedGenericArguments> {
    match &path.segments.last()?.arguments {
        syn::PathArguments::AngleBracketed(a) => Some(a),
        _ => None,
    }
}

/// The variable that holds the dimension `name` in an emitted body. A prefix keeps it apart from a constant of the
/// same name, which a `let` would take for a pattern.
pub fn local(name: &str) -> String {
    format!("__{}", name.trim_start_matches("r#"))
}

/// The names that a format string captures.
pub fn captured(format: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = format.replace("{{", "");
    while let Some(at) = rest.find('{') {
        let name: String = rest[at + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && !name.starts_with(|c: char| c.is_numeric()) {
            out.push(name);
        }
        rest = rest[at + 1..].to_string();
    }
    out
}
