//! What is known of a value's extents: from the signature that declares it, over the dimensions of the caller.

use super::checks::same;
use crate::item::Spec;
use crate::module::StructInfo;
use crate::types::{Elem, Extent, Shape, Ty};

/// The most dimensions of an item, of a struct or of its bindings that are followed.
const MOST: usize = 24;

/// What is known of a value in a body.
#[derive(Clone, Copy)]
pub enum Fact {
    /// Nothing is known.
    Unknown,
    /// A tensor of this type.
    Tensor(Ty),
    /// What a signature declares, with the extents of its dimensions.
    Declared(Spec, Extents),
    /// It is a module, or a container of modules.
    Module(Option<&'static StructInfo>, Named),
}

/// The extents of dimension variables, over the caller's.
#[derive(Clone, Copy)]
pub struct Extents {
    dims: [Extent; MOST],
    /// The generic leading dimensions: the variable plus one, and what stands in its place.
    lead: u8,
    front: Shape,
}

/// Extents by the names of a module's dimensions.
#[derive(Clone, Copy)]
pub struct Named {
    names: [&'static str; MOST],
    extents: [Extent; MOST],
    len: usize,
}

/// The names of the dimensions that a body's facts are over: the item's, then those of `self` that it does not name.
#[derive(Clone, Copy)]
pub struct Names {
    list: [&'static str; 2 * MOST],
    len: usize,
}

impl Names {
    /// Those of an item, and of the struct it is a method of.
    pub const fn new(item: &[&'static str], own: Option<&'static StructInfo>) -> Names {
        let mut names = Names { list: [""; 2 * MOST], len: 0 };
        let mut i = 0;
        while i < item.len() && i < names.list.len() {
            names.list[i] = item[i];
            i += 1;
        }
        names.len = i;
        if let Some(info) = own {
            let mut i = 0;
            while i < info.dims.len() && names.len < names.list.len() {
                if names.find(info.dims[i]).is_none() {
                    names.list[names.len] = info.dims[i];
                    names.len += 1;
                }
                i += 1;
            }
        }
        names
    }

    pub(super) const fn list(&self) -> &[&'static str] {
        self.list.split_at(self.len).0
    }

    const fn find(&self, name: &str) -> Option<u8> {
        let mut i = 0;
        while i < self.len {
            if same(self.list[i], name) {
                return Some(i as u8);
            }
            i += 1;
        }
        None
    }
}

impl Named {
    const NONE: Named = Named { names: [""; MOST], extents: [Extent::UNKNOWN; MOST], len: 0 };

    const fn with(mut self, name: &'static str, extent: Extent) -> Named {
        if self.len < MOST {
            self.names[self.len] = name;
            self.extents[self.len] = extent;
            self.len += 1;
        }
        self
    }

    const fn get(&self, name: &str) -> Extent {
        let mut i = 0;
        while i < self.len {
            if same(self.names[i], name) {
                return self.extents[i];
            }
            i += 1;
        }
        Extent::UNKNOWN
    }

    /// As the extents of a struct's or an item's variables.
    pub(super) const fn by(&self, names: &[&str]) -> Extents {
        let mut out = Extents::UNKNOWN;
        let mut i = 0;
        while i < names.len() && i < MOST {
            out.dims[i] = self.get(names[i]);
            i += 1;
        }
        out
    }
}

impl Extents {
    pub(super) const UNKNOWN: Extents =
        Extents { dims: [Extent::UNKNOWN; MOST], lead: 0, front: Shape::UNKNOWN };

    /// The type over the caller's dimensions. Its element type is rustc's concern.
    const fn apply(&self, ty: &Ty) -> Ty {
        let shape = ty.shape.substitute(&self.dims);
        if shape.is_unknown() || shape.lead == 0 {
            return Ty::new(Elem::Unknown, shape);
        }
        if self.lead != shape.lead || self.front.is_unknown() {
            return Ty::UNKNOWN;
        }
        let (mut out, mut i) = (self.front, 0);
        while i < shape.rank() {
            out = out.push(shape.at(i));
            i += 1;
        }
        Ty::new(Elem::Unknown, out)
    }

    /// Takes an argument of shape `found`, declared as `said`, into account. First what is one variable (`solve`),
    /// then the rest. Gives the first extents that are not equal: what was declared, over the caller's, and found.
    pub(super) const fn unify(
        &mut self,
        said: &Shape,
        found: &Shape,
        solve: bool,
    ) -> Option<(Extent, Extent)> {
        if said.is_unknown() || found.is_unknown() || found.rank() < said.rank() {
            return None;
        }
        let skip = found.rank() - said.rank();
        if said.lead == 0 && (found.lead != 0 || skip != 0) {
            return None; // Ranks are rustc's concern.
        }
        let mut i = 0;
        while i < said.rank() {
            let (want, is) = (said.at(i), found.at(skip + i));
            match want.as_var() {
                Some(v) if solve && (v as usize) < MOST && self.dims[v as usize].is_unknown() => {
                    self.dims[v as usize] = is;
                }
                var => {
                    let want = want.substitute(&self.dims);
                    if var.is_some() == solve && want.differs(is) {
                        return Some((want, is));
                    }
                }
            }
            i += 1;
        }
        if said.lead != 0 && solve {
            let (mut front, mut i) = (Shape::new(&[]), 0);
            front.lead = found.lead;
            while i < skip {
                front = front.push(found.at(i));
                i += 1;
            }
            if self.lead == 0 {
                self.lead = said.lead;
                self.front = front;
            } else if self.lead == said.lead
                && self.front.lead == front.lead
                && self.front.rank() == front.rank()
            {
                let mut i = 0;
                while i < front.rank() {
                    if front.at(i).differs(self.front.at(i)) {
                        return Some((self.front.at(i), front.at(i)));
                    }
                    i += 1;
                }
            }
        }
        None
    }
}

impl Fact {
    /// `self`: its dimensions are the body's, by their names.
    pub const fn own(info: Option<&'static StructInfo>, names: &Names) -> Fact {
        let (mut named, mut i) = (Named::NONE, 0);
        if let Some(info) = info {
            while i < info.dims.len() {
                if let Some(v) = names.find(info.dims[i]) {
                    named = named.with(info.dims[i], Extent::var(v));
                }
                i += 1;
            }
        }
        Fact::Module(info, named)
    }

    /// A module of which a signature says `bindings`.
    pub const fn module(info: Option<&'static StructInfo>, bindings: &[(&'static str, Extent)]) -> Fact {
        let (mut named, mut i) = (Named::NONE, 0);
        while i < bindings.len() {
            named = named.with(bindings[i].0, bindings[i].1);
            i += 1;
        }
        Fact::Module(info, named)
    }

    /// As a tensor type.
    pub(super) const fn ty(&self) -> Ty {
        match self {
            Fact::Tensor(ty) => *ty,
            Fact::Declared(Spec::Tensor(ty), extents) => extents.apply(ty),
            Fact::Declared(Spec::Static(_), _) => Ty::new(Elem::Unknown, Shape::SCALAR),
            Fact::Declared(..) | Fact::Module(..) | Fact::Unknown => Ty::UNKNOWN,
        }
    }

    /// The field `name` of a module; `info` is of the field's own type.
    pub const fn field(&self, name: &str, info: Option<&'static StructInfo>) -> Fact {
        let Fact::Module(Some(of), named) = self else { return Fact::Unknown };
        let extents = named.by(of.dims);
        let mut i = 0;
        while i < of.fields.len() {
            let f = &of.fields[i];
            if same(f.name, name) {
                if !matches!(f.ty, Spec::Opaque(_)) {
                    return if f.list { Fact::Unknown } else { Fact::Declared(f.ty, extents) };
                }
                let (mut inner, mut k) = (Named::NONE, 0);
                while k < f.bindings.len() {
                    inner = inner.with(f.bindings[k].0, f.bindings[k].1.substitute(&extents.dims));
                    k += 1;
                }
                return Fact::Module(info, inner);
            }
            i += 1;
        }
        Fact::Unknown
    }

    /// An element of a container of modules; `info` is of the element.
    pub const fn element(&self, info: Option<&'static StructInfo>) -> Fact {
        match self {
            Fact::Module(_, named) => Fact::Module(info, *named),
            _ => Fact::Unknown,
        }
    }

    /// Part `i` of a tuple.
    pub const fn part(&self, i: usize) -> Fact {
        match self {
            Fact::Declared(Spec::Tuple(parts), extents) if i < parts.len() => {
                Fact::Declared(parts[i], *extents)
            }
            _ => Fact::Unknown,
        }
    }
}
