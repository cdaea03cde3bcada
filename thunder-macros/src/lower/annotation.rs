//! Annotations of `let`s and of closure parameters: a dimension that is known is asserted, a new one is bound.

use super::block::variables;
use super::edits::{Claim, Place, Stated};
use super::{Ends, Lower};
use crate::check::value_dependent_branch;
use crate::names;
use crate::parse::Kind;
use crate::scope::{Const, Value};
use crate::trace::Operand;
use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Ident, Pat, PatType};
use thunder_core::types::{Elem, Extent, Shape, Text, Ty};

/// What an annotation says.
struct Annotation {
    /// Of the value.
    kind: Kind,
    /// The variables of the names that it binds.
    new: Vec<u8>,
    /// What each variable stands for where the annotation is.
    stands: Vec<Extent>,
}

impl<'a> Lower<'a, '_> {
    /// Binds an annotated pattern to `value`, whose expression is `at`.
    pub(super) fn bind_annotated(&mut self, t: &'a PatType, value: Value<'a>, at: impl ToTokens) {
        let said = self.annotation(t);
        self.claims.fresh.extend(&said.new);
        if let (Kind::Tensor(ty), Value::Unknown(Operand::Var(v)) | Value::Tensor(Operand::Var(v), _)) =
            (&said.kind, &value)
        {
            self.claims.annotations.push((*v, Ends::of(&at), *ty));
        }
        let value = match (&said.kind, value, &*t.pat) {
            (Kind::Tensor(ty), value, Pat::Ident(name)) if !matches!(value, Value::Failed) => {
                let stated = self.stated(&name.ident, ty, &said.new, t.ty.span());
                let value = self.state(value, ty, &said, at);
                if let Value::Tensor(Operand::Var(v), ty) = &value {
                    self.vars[*v as usize] = *ty;
                }
                self.edits.stated.insert(Place::of(t), stated);
                value
            }
            (Kind::Static { .. }, value @ Value::Tensor(..), _) => {
                let wanted = t.ty.to_token_stream();
                value_dependent_branch::as_static(at, &format!("`{wanted}`"), &value, self.diag);
                Value::Failed
            }
            (Kind::List(elem), Value::List(o, inner), _) if matches!(*inner, Value::Unset) => {
                let elem = self.value_of(elem, Operand::Hole);
                Value::List(o, Box::new(elem))
            }
            (Kind::Refused, ..) => Value::Failed,
            (Kind::Unknown, value, _) => value,
            (kind, Value::Unknown(o), _) => self.value_of(kind, o),
            (_, value, _) => value,
        };
        self.bind_pattern(&t.pat, value);
    }

    /// Reads an annotation. A name that neither the signature nor the scope has is new, each time that the code runs.
    fn annotation(&mut self, t: &PatType) -> Annotation {
        let known = self.types.dims.names.len();
        self.types.collect_type(&t.ty);
        let mut kind = self.types.read(&t.ty, self.diag);
        let names = self.types.dims.names.clone();
        let mut stands: Vec<Extent> = (0..names.len()).map(|v| Extent::var(v as u8)).collect();
        let mut new = Vec::new();
        for v in used(&kind) {
            let name = &names[v as usize];
            let stale = (v as usize) < known;
            match self.scope.find(name).filter(|b| b.dim).map(|b| &b.value) {
                Some(Value::Static(Const::Extent(e))) => stands[v as usize] = *e,
                _ if self.declares(v) => {}
                _ if stale => {
                    if let Some(fresh) = self.types.dims.fresh(name) {
                        stands[v as usize] = Extent::var(fresh);
                        new.push(fresh);
                    }
                }
                _ => new.push(v),
            }
        }
        // A new name is itself; what is known by another name stays as it is written, for the assertion.
        if let Kind::Tensor(ty) = &mut kind {
            let renamed: Vec<Extent> = stands
                .iter()
                .enumerate()
                .map(
                    |(v, e)| {
                        if e.as_var().is_some_and(|e| new.contains(&e)) { *e } else { Extent::var(v as u8) }
                    },
                )
                .collect();
            ty.shape = ty.shape.substitute(&renamed);
        }
        stands.extend((stands.len()..self.types.dims.names.len()).map(|v| Extent::var(v as u8)));
        Annotation { kind, new, stands }
    }

    /// Whether a dimension is the signature's, one of `self` that the body reads, or a constant.
    fn declares(&self, v: u8) -> bool {
        let name = &self.types.dims.names[v as usize];
        v < self.declared
            || !names::is_capital(name)
            || self.used_dims.contains(name)
            || self.types.sizes.contains(name)
            || self.types.generics.consts.contains(name)
            || self.types.dims.consts[v as usize].is_some()
    }

    /// What `name: Tensor<_, (B, T2)>` asserts and binds.
    fn stated(&mut self, name: &Ident, ty: &Ty, new: &[u8], span: Span) -> Stated {
        let dims = self.types.dims.list();
        let (mut asserts, mut binds, mut bound) = (Vec::new(), Vec::new(), Vec::new());
        let rank = if ty.shape.is_unknown() || ty.shape.lead != 0 { 0 } else { ty.shape.rank() };
        for i in 0..rank {
            let e = ty.shape.at(i);
            let first = e.as_var().filter(|v| new.contains(v) && !bound.contains(v));
            if let Some(v) = first {
                bound.push(v);
                binds.push((dims[v as usize].to_string(), i));
                asserts.push(None);
            } else if e.is_unknown() {
                asserts.push(None);
            } else {
                let text = Text::new().extent(e, &dims).as_str().to_string();
                asserts.push(Some(Claim { text, extent: e }));
            }
        }
        for v in asserts.iter().flatten().flat_map(|c| variables(c.extent)) {
            let dim = self.types.dims.names[v as usize].clone();
            let local = self.scope.find(&dim).is_some_and(|b| b.dim) || new.contains(&v);
            if names::is_capital(&dim) && !local {
                self.used_dims.insert(dim);
            }
        }
        Stated { name: name.to_string(), span, asserts, binds }
    }

    /// The value, with what its annotation adds.
    fn state(&mut self, value: Value<'a>, ty: &Ty, said: &Annotation, at: impl ToTokens) -> Value<'a> {
        let (operand, old) = match value {
            Value::Tensor(o, old) => (o, old),
            other => (self.operand(&other), Ty::UNKNOWN),
        };
        let mut new = *ty;
        let comparable =
            !old.shape.is_unknown() && !new.shape.is_unknown() && old.shape.rank() == new.shape.rank();
        let rank = if new.shape.is_unknown() { 0 } else { new.shape.rank() };
        let mut stands = said.stands.clone();
        for i in 0..rank {
            let is = if comparable { old.shape.at(i) } else { Extent::UNKNOWN };
            if let Some(v) = ty.shape.at(i).as_var()
                && said.new.contains(&v)
                && stands[v as usize] == Extent::var(v)
                && !is.is_unknown()
            {
                // A new name for an extent that is known already.
                stands[v as usize] = is;
            }
            let wanted = ty.shape.at(i).substitute(&stands);
            if !wanted.is_unknown() && wanted.differs(is) {
                self.contradiction(&old.shape, &ty.shape, is, wanted, at);
                return Value::Failed;
            }
            new.shape = new.shape.with(i, if wanted.is_unknown() { is } else { wanted });
        }
        for v in &said.new {
            let name = self.types.dims.names[*v as usize].clone();
            self.scope.bind_dim(name, Value::Static(Const::Extent(stands[*v as usize])));
        }
        if matches!(new.elem, Elem::Unknown) {
            new.elem = old.elem;
        }
        Value::Tensor(operand, new)
    }

    fn contradiction(&mut self, old: &Shape, said: &Shape, is: Extent, wanted: Extent, at: impl ToTokens) {
        let dims = self.types.dims.list();
        let text = Text::new().str("the value has shape ").shape(old, &dims);
        let text = text.str(", and its annotation says ").shape(said, &dims);
        let text = text.str(": ").unequal(is, wanted, &dims);
        self.diag.error(at, text.as_str(), "annotate the shape that it has, `_` for an extent left open");
    }
}

/// The variables that an annotation names.
fn used(kind: &Kind) -> Vec<u8> {
    let Kind::Tensor(ty) = kind else { return Vec::new() };
    let mut out: Vec<u8> = Vec::new();
    if !ty.shape.is_unknown() {
        for v in ty.shape.dims().iter().flat_map(|e| variables(*e)) {
            if !out.contains(&v) {
                out.push(v);
            }
        }
    }
    out
}
