//! Types with an example of each generic element type, where rustc needs concrete ones.

use crate::parse::Generics;
use proc_macro2::Ident;
use syn::Type;
use syn::visit_mut::{self, VisitMut};

/// `ty` with an example of each generic element type; none if it depends on more than those.
pub fn example(ty: &Type, generics: &Generics, owner: Option<&Type>) -> Option<Type> {
    let mut walk = Example { generics, owner, fails: false };
    let mut ty = ty.clone();
    walk.visit_type_mut(&mut ty);
    (!walk.fails).then_some(ty)
}

struct Example<'a> {
    generics: &'a Generics,
    owner: Option<&'a Type>,
    fails: bool,
}

impl VisitMut for Example<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(p) => {
                if let Some(id) = p.path.get_ident().map(ToString::to_string) {
                    if id == "Self" {
                        match self.owner {
                            Some(owner) => *ty = owner.clone(),
                            None => self.fails = true,
                        }
                        return;
                    }
                    if let Some((_, example)) = self.generics.examples.iter().find(|(e, _)| *e == id) {
                        *ty = syn::parse_str(example).unwrap_or_else(|_| ty.clone());
                        return;
                    }
                }
                visit_mut::visit_type_mut(self, ty);
            }
            Type::Tuple(_) | Type::Array(_) | Type::Paren(_) | Type::Group(_) => {
                visit_mut::visit_type_mut(self, ty);
            }
            _ => self.fails = true,
        }
    }

    fn visit_ident_mut(&mut self, id: &mut Ident) {
        let g = self.generics;
        let bound = [&g.elems, &g.shapes, &g.types, &g.consts];
        self.fails |= id == "Self" || bound.iter().any(|list| list.iter().any(|n| id == n));
    }

    fn visit_lifetime_mut(&mut self, _: &mut syn::Lifetime) {
        self.fails = true;
    }
}
