//! Extents across items, while rustc compiles: what a call takes and gives, by the callee's constant.
//!
//! A macro sees one item. What the items that it calls declare, only rustc can read: the expansion of a body states
//! the [`Fact`]s of its values as constants that follow from one another, and asserts what must hold of them. A fact
//! is only ever what is certain; where the path of types or of extents ends, nothing is known, and linking decides.

pub mod compare;
mod receiver;
mod transparent;

pub use receiver::{
    Configuration, Held, HoldsNoTensors, MethodReceiver, Plain, Receiver, Std, StdOrThunder, TakenForStd,
};
pub use transparent::questions::*;
pub use transparent::{
    Asked, CodeOf, Exempt, Fallible, NotAsked, Nothing, OfStd, Only, Pair, Transparent, TwinOfStd, by, ok_of,
    type_of, value_of,
};

use crate::item::{Item, Spec};
use crate::module::{StructInfo, Tree};
use crate::op::{Op, infer};
use crate::types::{Elem, Extent, Relation, Shape, Text, Ty};
use std::marker::PhantomData;

/// The most dimensions of an item, of a struct or of its bindings that are followed.
const MOST: usize = 24;

/// The most operands of an operation that are followed.
const OPERANDS: usize = 8;

/// What is known of a value in a body.
#[derive(Clone, Copy)]
pub enum Fact {
    /// Nothing.
    Unknown,
    /// It is a tensor.
    Tensor(Ty),
    /// It is what a signature says, over the extents of its dimensions.
    Said(Spec, Extents),
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

/// The constant of a method, by the type that its twin returns.
pub trait Traced {
    /// The method's compile-time trace.
    const ITEM: &'static Item;
}

/// The twin of a trait's method, or of a generic module's: it is traced, and linking knows by what.
pub struct Dispatched;

#[diagnostic::do_not_recommend]
impl Traced for Dispatched {
    const ITEM: &'static Item = &Item { name: "_", ..Item::OPAQUE };
}

/// What stands in for a function that has no companion, and for a method that has no twin.
pub struct Untraced;

#[diagnostic::do_not_recommend]
impl Traced for Untraced {
    const ITEM: &'static Item = Untraced::TRACE;
}

impl Untraced {
    /// Where a companion has its trace.
    pub const TRACE: &'static Item = &Item::OPAQUE;
}

/// The constant of the method whose twin `_f` calls; rustc infers which one.
pub const fn item_of<T, M: Traced>(_f: fn(&T) -> M) -> &'static Item {
    M::ITEM
}

/// Whether a method is one of the language's, or may be std's: that of no struct may.
pub const fn is_traced<T, F: Known>(item: &Item, _f: fn(&T) -> F) -> bool {
    !(F::IS_STRUCT && item.is_opaque())
}

/// Whether a method that std has not is one of the language's. Of a tensor it may be `near` an operation's name, of
/// which its own rule speaks.
pub const fn is_own_traced<T, F: Known>(item: &Item, _f: fn(&T) -> F, near: bool) -> bool {
    F::IS_TENSOR && near || F::IS_REFUSED || !item.is_opaque()
}

/// What the twin of a function gives: its marker, and the type of its result.
pub struct Twin<M, R>(PhantomData<fn() -> (M, R)>);

impl<M, R> Twin<M, R> {
    /// The only one.
    pub const NEW: Self = Twin(PhantomData);
}

/// What marks a function of the language: its companion, or its twin's marker.
pub trait ThunderFunction {
    /// Whether it is traced; if not, it is std's and pure.
    const TRACED: bool = true;
}

#[diagnostic::do_not_recommend]
impl ThunderFunction for Dispatched {}

/// Marks a method of which it is known whether it is traced.
pub struct Method<const TRACED: bool>;

/// What marks a method, once it is known whether it is traced.
pub trait Marked {
    /// The marker.
    type Marker;
}

#[diagnostic::do_not_recommend]
impl Marked for Method<true> {
    type Marker = Dispatched;
}

#[diagnostic::do_not_recommend]
impl Marked for Method<false> {
    type Marker = Untraced;
}

/// A result of the function that `M` marks, or the receiver of the method.
///
/// It is of this type that rustc asks whether the function is one of the language's: where there is no function at all,
/// the type is unknown, and rustc has nothing to add to saying so. An error shows no `M`, which is the default then.
#[diagnostic::on_unimplemented(
    message = "an opaque call: this is not a `#[thunder]` function, so what it does is not traced",
    label = "not a `#[thunder]` function, nor one of std's that are known to be pure",
    note = "mark it `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait TracedCall<M = Untraced> {
    /// Whether it is traced; if not, it is std's and pure.
    const TRACED: bool;
    /// Refuses a function by what it gave.
    fn ask(&self) {}
    /// Refuses a method by its receiver and its mark.
    fn ask_mark(&self, _: &PhantomData<M>) {}
    /// Which arm a method is, by its receiver and its mark: 0 is that of std's, 1 the traced one.
    fn arm(&self, _: PhantomData<M>) -> u16 {
        u16::from(Self::TRACED)
    }
    /// Refuses a method by what its twin gives. It is called where it never runs.
    fn of_method(_: M) -> Self
    where
        Self: Sized,
    {
        unreachable!("only its type matters")
    }
    /// Refuses an associated function by its twin. It is called where it never runs.
    fn of_function(_: Twin<M, Self>) -> Self
    where
        Self: Sized,
    {
        unreachable!("only its type matters")
    }
}

#[diagnostic::do_not_recommend]
impl<R: ?Sized, M: ThunderFunction> TracedCall<M> for R {
    const TRACED: bool = M::TRACED;
}

/// What is known of the struct that `_f` leads to, or of the elements of a container.
pub const fn info_of<T, F: Known>(_f: fn(&T) -> F) -> Option<&'static StructInfo> {
    F::INFO
}

/// A type, of which more is known if it is one of the language's.
pub trait Known {
    /// What the macro knows of a struct.
    const INFO: Option<&'static StructInfo>;
    /// Whether it is a struct.
    const IS_STRUCT: bool;
    /// Whether it is a tensor.
    const IS_TENSOR: bool;
    /// Whether it was refused already.
    const IS_REFUSED: bool;
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Known for PhantomData<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    const IS_STRUCT: bool = T::IS_STRUCT;
    const IS_TENSOR: bool = T::IS_TENSOR;
    const IS_REFUSED: bool = T::IS_REFUSED;
}

/// A type that is none of the language's: where it is written rustc says so.
pub struct Foreign;

#[diagnostic::do_not_recommend]
impl Known for Foreign {
    const INFO: Option<&'static StructInfo> = None;
    const IS_STRUCT: bool = false;
    const IS_TENSOR: bool = false;
    const IS_REFUSED: bool = true;
}

/// The type of a value that is one of the language's.
pub trait OfLanguage: Sized {
    /// The type.
    fn __type(&self) -> PhantomData<Self> {
        PhantomData
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> OfLanguage for T {}

/// The type of a value that is none: it takes a reference more, so rustc finds it last.
pub trait OfForeign {
    /// The type.
    fn __type(&self) -> Foreign {
        Foreign
    }
}

#[diagnostic::do_not_recommend]
impl<T> OfForeign for &T {}

/// The way to a part of a structure, as an expression that is typed and never run.
///
/// `__content` looks into an `Option`: a body that uses its content has made sure that there is one. Anything else is
/// its own content: [`Itself`] takes a reference more, so rustc finds it only where [`Content`] is not implemented.
pub trait Content {
    /// What is inside.
    type Of;
    /// What is inside.
    fn __content(&self) -> &Self::Of;
}

/// The elements that a loop walks over, as [`Content`].
pub trait Elements {
    /// An element.
    type Of;
    /// An element.
    fn __element(&self) -> &Self::Of;
}

/// What is no `Option`, or no container.
pub trait Itself {
    /// The reference.
    type Of;
    /// The same.
    fn __content(&self) -> Self::Of;
    /// The same.
    fn __element(&self) -> Self::Of;
}

#[diagnostic::do_not_recommend]
impl<'a, T> Itself for &'a T {
    type Of = &'a T;
    fn __content(&self) -> &'a T {
        self
    }
    fn __element(&self) -> &'a T {
        self
    }
}

macro_rules! containers {
    ($([$($const:tt)*] $t:ty: $trait:ident $method:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, $($const)*> $trait for $t {
            type Of = T;
            fn $method(&self) -> &T {
                unreachable!("only its type matters")
            }
        }
    )*};
}

containers! {
    [] Option<T>: Content __content;
    [] Option<T>: Elements __element;
    [] Vec<T>: Elements __element;
    [] Box<T>: Content __content;
    [const N: usize] [T; N]: Elements __element;
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

    const fn list(&self) -> &[&'static str] {
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
    const fn by(&self, names: &[&str]) -> Extents {
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
    const UNKNOWN: Extents = Extents { dims: [Extent::UNKNOWN; MOST], lead: 0, front: Shape::UNKNOWN };

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
    const fn unify(&mut self, said: &Shape, found: &Shape, solve: bool) -> Option<(Extent, Extent)> {
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
    const fn ty(&self) -> Ty {
        match self {
            Fact::Tensor(ty) => *ty,
            Fact::Said(Spec::Tensor(ty), extents) => extents.apply(ty),
            Fact::Said(Spec::Static(_), _) => Ty::new(Elem::Unknown, Shape::SCALAR),
            Fact::Said(..) | Fact::Module(..) | Fact::Unknown => Ty::UNKNOWN,
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
                    return if f.list { Fact::Unknown } else { Fact::Said(f.ty, extents) };
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
            Fact::Said(Spec::Tuple(parts), extents) if i < parts.len() => Fact::Said(parts[i], *extents),
            _ => Fact::Unknown,
        }
    }
}

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
        Ok(extents) => Fact::Said(item.result, extents),
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

const fn same(a: &str, b: &str) -> bool {
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
