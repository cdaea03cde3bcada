//! What follows from facts, and the assertions on them: each reports at its caller's place, in const evaluation.

use super::extents::{Extents, Fact, Names};
use crate::item::{Item, Spec};
use crate::module::StructInfo;
use crate::op::{Op, infer};
use crate::types::{Elem, Extent, Relation, Shape, Text, Ty};

/// The most operands of an operation that are followed.
const OPERANDS: usize = 8;

/// What is known of a tensor that is one of several: the extents that all of them have.
pub const fn either(facts: &[Fact]) -> Fact {
    let mut ty = facts[0].ty();
    let mut k = 1;
    while k < facts.len() {
        let other = facts[k].ty().shape;
        if ty.shape.is_unknown() || !ty.shape.is_like(&other) {
            return Fact::Unknown;
        }
        let mut i = 0;
        while i < ty.shape.rank() {
            if !matches!(ty.shape.at(i).relation(other.at(i)), Relation::Equal) {
                ty.shape = ty.shape.with(i, Extent::UNKNOWN);
            }
            i += 1;
        }
        k += 1;
    }
    Fact::Tensor(Ty::new(Elem::Unknown, ty.shape))
}

/// Whether an iteration of a loop that starts with a tensor like `first` ends with tensors of the same extents.
pub const fn carries(first: &Fact, ends: &[Fact]) -> bool {
    let shape = first.ty().shape;
    let mut k = 0;
    while k < ends.len() {
        let end = ends[k].ty().shape;
        if shape.is_unknown() || !shape.is_like(&end) {
            return false;
        }
        let mut i = 0;
        while i < shape.rank() {
            let both = shape.at(i).is_unknown() && end.at(i).is_unknown();
            if !both && !matches!(shape.at(i).relation(end.at(i)), Relation::Equal) {
                return false;
            }
            i += 1;
        }
        k += 1;
    }
    true
}

/// An argument that is not what the callee's signature says.
struct Clash {
    arg: usize,
    want: Extent,
    found: Extent,
}

const fn bind(item: &Item, args: &[Fact]) -> Result<Extents, Clash> {
    let mut extents = Extents::UNKNOWN;
    let count = if args.len() < item.params.len() { args.len() } else { item.params.len() };
    if count > 0
        && let Fact::Module(_, named) = &args[0]
        && same(item.params[0].name, "self")
    {
        extents = named.by(item.dims);
    }
    let mut pass = 0;
    while pass < 2 {
        let mut arg = 0;
        while arg < count {
            if let Spec::Tensor(said) = &item.params[arg].ty
                && let Some((want, found)) = extents.unify(&said.shape, &args[arg].ty().shape, pass == 0)
            {
                return Err(Clash { arg, want, found });
            }
            arg += 1;
        }
        pass += 1;
    }
    Ok(extents)
}

/// What a call of `item` gives.
pub const fn call(item: &Item, args: &[Fact]) -> Fact {
    match bind(item, args) {
        Ok(extents) => Fact::Declared(item.result, extents),
        Err(_) => Fact::Unknown,
    }
}

/// Refuses argument `arg` of a call, if it is the one at fault.
#[track_caller]
pub const fn argument(item: &Item, args: &[Fact], arg: usize, names: &Names) {
    let Err(clash) = bind(item, args) else { return };
    if clash.arg != arg {
        return;
    }
    let param = &item.params[arg];
    let said = if let Spec::Tensor(said) = &param.ty { said.shape } else { Shape::UNKNOWN };
    let text = Text::new().str("`").str(item.name).str("`: its parameter `").str(param.name).str("` is ");
    let text = text.shape(&said, item.dims).str(", and the argument is ");
    let text = text.shape(&args[arg].ty().shape, names.list());
    let text = unequal(text, clash.want, clash.found, names);
    fail(&text.str(
        "\n\n       help: an argument of that shape; where two extents are equal, give them one name in the signature",
    ));
}

/// What an operation gives.
pub const fn op(op: &Op, args: &[Fact], names: &Names) -> Fact {
    let (types, n) = types(args);
    match infer(op, types.split_at(n).0, names.list()) {
        Ok(ty) => Fact::Tensor(ty),
        Err(_) => Fact::Unknown,
    }
}

/// Refuses a name that is no dimension of the struct, where it was taken for one.
///
/// `parameters` are the modules that the method takes: what stands before the bindings of each, `cache: &KeyValue<E, `,
/// and what is known of it.
#[track_caller]
pub const fn dimension(
    info: Option<&'static StructInfo>,
    name: &str,
    parameters: &[(&str, Option<&'static StructInfo>)],
) {
    let Some(info) = info else { return };
    let mut i = 0;
    while i < info.dims.len() {
        if same(info.dims[i], name) {
            return;
        }
        i += 1;
    }
    let text = Text::new().str("`").str(name).str("` is no dimension of `").str(info.name);
    let mut p = 0;
    while p < parameters.len() {
        let (before, info) = parameters[p];
        if let Some(info) = info
            && has(info.dims, name)
        {
            let text =
                text.str("`, and `").str(info.name).str("` has one of that name\n\n       help: bind it: `");
            fail(&text.str(before).str(name).str(" = ").str(name).str(">`"));
        }
        p += 1;
    }
    let text =
        text.str("`, nor of a parameter\n\n       help: name it in a parameter's shape: `x: &Tensor<f32, (");
    fail(
        &text
            .str(name)
            .str(",)>`; a constant of a short name is read by its path, `self::")
            .str(name)
            .str("`"),
    );
}

/// Refuses a dimension that a type binds and does not have.
#[track_caller]
pub const fn binding(info: Option<&'static StructInfo>, name: &str) {
    let Some(info) = info else { return };
    let (mut text, mut i) = (Text::new().str("its dimensions are"), 0);
    while i < info.dims.len() {
        if same(info.dims[i], name) {
            return;
        }
        text = text.str(if i == 0 { " `" } else { ", `" }).str(info.dims[i]).str("`");
        i += 1;
    }
    let what = Text::new().str("`").str(name).str("` is no dimension of `").str(info.name);
    fail(&what.str("`\n\n       help: ").str(if i == 0 { "it has none" } else { text.as_str() }));
}

/// Refuses operands that do not fit; `help` says what to write where inference does not.
#[track_caller]
pub const fn operands(op: &Op, args: &[Fact], names: &Names, help: &str) {
    let (types, n) = types(args);
    if matches!(op, Op::Matmul) && n == 2 && (is_flat(&types[0]) || is_flat(&types[1])) {
        return; // A vector is no matrix: rustc's concern.
    }
    if let Err(m) = infer(op, types.split_at(n).0, names.list()) {
        let text = m.text;
        fail(&if contains(text.as_str(), "help:") { text } else { text.str("\n\n       help: ").str(help) });
    }
}

/// Whether a tensor is known to have less than two dimensions.
const fn is_flat(ty: &Ty) -> bool {
    !ty.shape.is_unknown() && ty.shape.lead == 0 && ty.shape.rank() < 2
}

/// Refuses a result that is not what the signature declares.
#[track_caller]
pub const fn result(found: &Fact, declared: &Ty, names: &Names) {
    stated(found, declared, names, "the result is ", ", and the signature says ");
}

/// Refuses a value that is not what its annotation says.
#[track_caller]
pub const fn annotation(found: &Fact, said: &Ty, names: &Names) {
    stated(found, said, names, "the value has shape ", ", and its annotation says ");
}

#[track_caller]
const fn stated(found: &Fact, said: &Ty, names: &Names, is: &str, but: &str) {
    let (found, said) = (found.ty().shape, said.shape);
    if found.is_unknown() || said.is_unknown() || found.lead != said.lead || found.rank() != said.rank() {
        return;
    }
    let mut i = 0;
    while i < said.rank() {
        if said.at(i).differs(found.at(i)) {
            let text = Text::new().str(is).shape(&found, names.list()).str(but).shape(&said, names.list());
            let text = unequal(text, said.at(i), found.at(i), names);
            fail(&text.str(
                "\n\n       help: declare the shape that it has, `_` for an extent left open; or bring it into that shape",
            ));
        }
        i += 1;
    }
}

const fn unequal(text: Text, want: Extent, found: Extent, names: &Names) -> Text {
    text.str(": ").unequal(found, want, names.list())
}

const fn types(args: &[Fact]) -> ([Ty; OPERANDS], usize) {
    let (mut types, mut i) = ([Ty::UNKNOWN; OPERANDS], 0);
    while i < args.len() && i < OPERANDS {
        types[i] = args[i].ty();
        i += 1;
    }
    (types, i)
}

const fn has(names: &[&str], name: &str) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

pub(super) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let mut at = 0;
    while at + part.len() <= text.len() {
        let mut i = 0;
        while i < part.len() && text[at + i] == part[i] {
            i += 1;
        }
        if i == part.len() {
            return true;
        }
        at += 1;
    }
    false
}

#[track_caller]
const fn fail(text: &Text) {
    panic!("{}", text.as_str());
}
