//! What the generic parameters of an item stand for.

use syn::{GenericParam, ParenthesizedGenericArguments, PathArguments, TypeParamBound, WherePredicate};

/// The generic parameters in scope, by what they stand for.
#[derive(Clone, Default)]
pub struct Generics {
    /// Element types: `E: Float`. Their index is the one of `Elem::Param`.
    pub elems: Vec<String>,
    /// Shapes: `S: Shape`.
    pub shapes: Vec<String>,
    /// Closures: `F: Fn(…) -> …`.
    pub closures: Vec<(String, ParenthesizedGenericArguments)>,
    /// Other types: modules, configuration.
    pub types: Vec<String>,
    /// Those of them of which nothing is said.
    pub unbounded: Vec<String>,
    /// `const N: usize`.
    pub consts: Vec<String>,
    /// A type that stands for an element type where a concrete one is needed.
    pub examples: Vec<(String, &'static str)>,
}

impl Generics {
    /// Adds the parameters of `generics`.
    pub fn extend(&mut self, generics: &syn::Generics) {
        for p in &generics.params {
            match p {
                GenericParam::Type(t) => {
                    let name = t.ident.to_string();
                    let bounds = bounds(generics, t);
                    self.examples
                        .extend(example(&bound_names(bounds.iter().copied())).map(|e| (name.clone(), e)));
                    if bounds.is_empty() {
                        self.unbounded.push(name.clone());
                    }
                    match closure_bound(bounds.iter().copied()) {
                        Some(of) => self.closures.push((name, of.clone())),
                        None => self.list_for(&bound_names(bounds)).push(name),
                    }
                }
                GenericParam::Const(c) => self.consts.push(c.ident.to_string()),
                GenericParam::Lifetime(_) => {}
            }
        }
    }

    fn list_for(&mut self, bounds: &[String]) -> &mut Vec<String> {
        let has = |names: &[&str]| bounds.iter().any(|b| names.contains(&b.as_str()));
        if has(&["Float", "Num", "Int", "Element"]) {
            &mut self.elems
        } else if has(&["Shape", "Leading"]) {
            &mut self.shapes
        } else {
            &mut self.types
        }
    }

    /// The index of an element type.
    pub fn elem(&self, name: &str) -> Option<u8> {
        self.elems.iter().position(|e| e == name).map(|i| i as u8)
    }
}

/// The bounds of a parameter, where it is declared and in the `where` clause.
pub fn bounds<'g>(generics: &'g syn::Generics, of: &'g syn::TypeParam) -> Vec<&'g TypeParamBound> {
    let mut bounds: Vec<&TypeParamBound> = of.bounds.iter().collect();
    for pred in generics.where_clause.iter().flat_map(|w| &w.predicates) {
        if let WherePredicate::Type(p) = pred
            && let syn::Type::Path(path) = &p.bounded_ty
            && path.path.is_ident(&of.ident)
        {
            bounds.extend(&p.bounds);
        }
    }
    bounds
}

/// An element type with these bounds, if they are only thunder's own and rustc's.
fn example(bounds: &[String]) -> Option<&'static str> {
    let mut example = None;
    for b in bounds {
        match b.as_str() {
            "Float" => example = Some("f32"),
            "Num" | "Element" => example = example.or(Some("f32")),
            "Int" => example = Some("i64"),
            "Copy" | "Clone" | "Send" | "Sync" => {}
            _ => return None,
        }
    }
    example
}

/// What `Fn(…) -> …` among the bounds says.
pub fn closure_bound<'a>(
    bounds: impl IntoIterator<Item = &'a TypeParamBound>,
) -> Option<&'a ParenthesizedGenericArguments> {
    bounds.into_iter().find_map(|b| match b {
        TypeParamBound::Trait(t) => match &t.path.segments.last()?.arguments {
            PathArguments::Parenthesized(p) => Some(p),
            _ => None,
        },
        _ => None,
    })
}

/// The names of the traits among the bounds.
pub fn bound_names<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> Vec<String> {
    bounds
        .into_iter()
        .filter_map(|b| match b {
            TypeParamBound::Trait(t) => t.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        })
        .collect()
}
