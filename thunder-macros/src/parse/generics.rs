//! What the generic parameters of an item stand for.

use syn::{GenericParam, TypeParamBound, WherePredicate};

/// The generic parameters in scope, by what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Generics {
    /// Element types: `E: Float`. Their index is the one of `Elem::Param`.
    pub elems: Vec<String>,
    /// Shapes: `S: Shape`.
    pub shapes: Vec<String>,
    /// Closures: `F: Fn(…) -> …`.
    pub closures: Vec<String>,
    /// Other types: modules, configuration.
    pub types: Vec<String>,
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
                    let mut bounds: Vec<String> = bound_names(&t.bounds);
                    if let Some(w) = &generics.where_clause {
                        for pred in &w.predicates {
                            if let WherePredicate::Type(p) = pred
                                && let syn::Type::Path(path) = &p.bounded_ty
                                && path.path.is_ident(&t.ident)
                            {
                                bounds.extend(bound_names(&p.bounds));
                            }
                        }
                    }
                    self.examples.extend(example(&bounds).map(|e| (name.clone(), e)));
                    self.list_for(&bounds).push(name);
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
        } else if has(&["Fn", "FnMut", "FnOnce"]) {
            &mut self.closures
        } else {
            &mut self.types
        }
    }

    /// The index of an element type.
    pub fn elem(&self, name: &str) -> Option<u8> {
        self.elems.iter().position(|e| e == name).map(|i| i as u8)
    }
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

fn bound_names<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> Vec<String> {
    bounds
        .into_iter()
        .filter_map(|b| match b {
            TypeParamBound::Trait(t) => t.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        })
        .collect()
}
