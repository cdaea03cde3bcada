//! The attributes an operation can carry.
//!
//! Each has a *free* value, for what a macro cannot read from the tokens (a configuration field, say). A
//! linked trace has none; verification lets a free attribute stand for any value.

use crate::types::{Axes, Axis, Elem, Extent, MAX_RANK, Shape, Text};
use std::fmt;

/// A static scalar.
#[derive(Clone, Copy, Debug)]
pub enum Lit {
    /// A float, at full precision.
    F(f64),
    /// An integer.
    I(i64),
    /// A truth value.
    B(bool),
    /// Known when linked.
    Free,
}

impl Lit {
    /// The value as an `f64` (0 if free).
    pub fn to_f64(self) -> f64 {
        match self {
            Lit::F(x) => x,
            Lit::I(x) => x as f64,
            Lit::B(x) => f64::from(u8::from(x)),
            Lit::Free => 0.0,
        }
    }
}

/// Equality by bits, so that NaN is itself.
impl PartialEq for Lit {
    fn eq(&self, other: &Lit) -> bool {
        match (self, other) {
            (Lit::F(a), Lit::F(b)) => a.to_bits() == b.to_bits(),
            (Lit::I(a), Lit::I(b)) => a == b,
            (Lit::B(a), Lit::B(b)) => a == b,
            (Lit::Free, Lit::Free) => true,
            _ => false,
        }
    }
}

impl Eq for Lit {}

impl std::hash::Hash for Lit {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        match self {
            Lit::F(x) => (0u8, x.to_bits()).hash(h),
            Lit::I(x) => (1u8, x).hash(h),
            Lit::B(x) => (2u8, x).hash(h),
            Lit::Free => 3u8.hash(h),
        }
    }
}

/// A static yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Flag {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Known when linked.
    Free,
}

impl Flag {
    /// From a `bool`.
    pub const fn new(yes: bool) -> Flag {
        if yes { Flag::Yes } else { Flag::No }
    }

    /// Whether it is yes.
    pub const fn is_yes(self) -> bool {
        matches!(self, Flag::Yes)
    }
}

/// How a loss is reduced over its elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Reduction {
    /// The mean over the elements that count.
    #[default]
    Mean,
    /// The sum.
    Sum,
    /// Known when linked.
    #[doc(hidden)]
    Free,
}

/// A short text attribute, such as an `einsum` specification or the label of a debug print.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    len: u8,
    bytes: [u8; 62],
}

impl Label {
    /// The label `text`, cut to 62 bytes.
    pub const fn new(text: &str) -> Label {
        let text = text.as_bytes();
        let mut bytes = [0; 62];
        let mut i = 0;
        while i < text.len() && i < 62 {
            bytes[i] = text[i];
            i += 1;
        }
        Label { len: i as u8, bytes }
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len as usize).0
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes()) {
            Ok(s) => s,
            Err(_) => "?",
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// A `rearrange`: the input's dimensions are split into atoms, and the atoms grouped into the output's.
///
/// Atoms are numbered in the input's order. `x.rearrange(|b, t, (H, d)| (b, H, t, d))` has four atoms, in
/// input groups 0, 1, 2, 2; its output takes atoms 0, 2, 1, 3 in groups 0, 1, 2, 3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    /// The number of atoms.
    pub atoms: u8,
    /// Rank of the input.
    pub inputs: u8,
    /// Rank of the output.
    pub outputs: u8,
    /// Each atom's extent; unknown for at most one atom of an input dimension, which takes what is left.
    pub extents: [Extent; MAX_RANK],
    /// Each atom's dimension in the input.
    pub group: [u8; MAX_RANK],
    /// The output's atoms, in order.
    pub order: [u8; MAX_RANK],
    /// The output dimension of each atom in `order`.
    pub place: [u8; MAX_RANK],
}

/// An attribute of any kind, for what handles all alike: the macro writes operations as constant expressions.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum AttrRef<'a> {
    Lit(Lit),
    Flag(Flag),
    Axis(Axis),
    Axes(&'a Axes),
    Elem(Elem),
    Extent(&'a Extent),
    Shape(&'a Shape),
    Label(&'a Label),
    Reduction(Reduction),
    Count(u8),
    Pattern(&'a Pattern),
}

/// What an attribute can do: say whether it agrees with the compile-time one, and print itself.
pub trait Attr {
    /// Whether the value `linked` is one that `self`, from the compile-time trace, allows, under `bindings` of
    /// the dimension variables.
    fn allows(&self, linked: &Self, bindings: &[Extent]) -> bool;
    /// Appends the text of the value, dimension variables by the names in `dims`.
    fn print(&self, dims: &[&str], out: &mut String);
    /// The value as one of the kinds there are.
    fn view(&self) -> AttrRef<'_>;
}

fn extent_allows(a: Extent, b: Extent, bindings: &[Extent]) -> bool {
    !a.substitute(bindings).differs(b)
}

impl Attr for Lit {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Lit(*self)
    }
    fn allows(&self, linked: &Lit, _: &[Extent]) -> bool {
        // `2` beside a float tensor is recorded as 2.0: the kind is the tensor's, the number must agree.
        matches!(self, Lit::Free) || self == linked || self.to_f64() == linked.to_f64()
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&self.to_string());
    }
}

/// As it is written in a program: a float by the fewest digits that give it, or the `f32` that it comes from.
impl fmt::Display for Lit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lit::F(x) if f64::from(*x as f32) == *x => write!(f, "{:?}", *x as f32),
            Lit::F(x) => write!(f, "{x:?}"),
            Lit::I(x) => write!(f, "{x}"),
            Lit::B(x) => write!(f, "{x}"),
            Lit::Free => write!(f, "_"),
        }
    }
}

impl Attr for Flag {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Flag(*self)
    }
    fn allows(&self, linked: &Flag, _: &[Extent]) -> bool {
        matches!(self, Flag::Free) || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(match self {
            Flag::Yes => "true",
            Flag::No => "false",
            Flag::Free => "_",
        });
    }
}

impl Attr for Axis {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Axis(*self)
    }
    fn allows(&self, linked: &Axis, _: &[Extent]) -> bool {
        *self == Axis::UNKNOWN || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&if *self == Axis::UNKNOWN { "_".into() } else { self.0.to_string() });
    }
}

impl Attr for Axes {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Axes(self)
    }
    fn allows(&self, linked: &Axes, _: &[Extent]) -> bool {
        self.is_unknown() || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        if self.is_unknown() {
            return out.push('_');
        }
        if self.is_all() {
            return out.push_str("all");
        }
        let list: Vec<String> = (0..self.len(0)).map(|i| self.axis(i).0.to_string()).collect();
        out.push_str(&format!("[{}]", list.join(", ")));
    }
}

impl Attr for Elem {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Elem(*self)
    }
    fn allows(&self, linked: &Elem, _: &[Extent]) -> bool {
        match self {
            Elem::Known(_) => self == linked,
            Elem::Param(_) | Elem::Unknown => true,
        }
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(match self {
            Elem::Known(d) => d.name(),
            Elem::Param(_) | Elem::Unknown => "_",
        });
    }
}

impl Attr for Extent {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Extent(self)
    }
    fn allows(&self, linked: &Extent, bindings: &[Extent]) -> bool {
        extent_allows(*self, *linked, bindings)
    }
    fn print(&self, dims: &[&str], out: &mut String) {
        out.push_str(Text::new().extent(*self, dims).as_str());
    }
}

impl Attr for Shape {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Shape(self)
    }
    fn allows(&self, linked: &Shape, bindings: &[Extent]) -> bool {
        self.is_unknown()
            || (self.lead == 0 && self.rank() == linked.rank()
                || self.lead != 0 && self.rank() <= linked.rank())
                && (0..self.rank()).all(|i| {
                    let j = linked.rank() - self.rank() + i;
                    extent_allows(self.at(i), linked.at(j), bindings)
                })
    }
    fn print(&self, dims: &[&str], out: &mut String) {
        out.push_str(Text::new().shape(self, dims).as_str());
    }
}

impl Attr for Label {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Label(self)
    }
    fn allows(&self, linked: &Label, _: &[Extent]) -> bool {
        self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&format!("{self:?}"));
    }
}

impl Attr for Reduction {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Reduction(*self)
    }
    fn allows(&self, linked: &Reduction, _: &[Extent]) -> bool {
        *self == Reduction::Free || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(match self {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
            Reduction::Free => "_",
        });
    }
}

impl Attr for u8 {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Count(*self)
    }
    fn allows(&self, linked: &u8, _: &[Extent]) -> bool {
        self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Attr for Pattern {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Pattern(self)
    }
    fn allows(&self, linked: &Pattern, bindings: &[Extent]) -> bool {
        (self.atoms, self.inputs, self.outputs) == (linked.atoms, linked.inputs, linked.outputs)
            && (self.group, self.order, self.place) == (linked.group, linked.order, linked.place)
            && (0..self.atoms as usize).all(|i| {
                extent_allows(self.extents[i], linked.extents[i], bindings) || linked.extents[i].is_unknown()
            })
    }
    fn print(&self, dims: &[&str], out: &mut String) {
        let atom = |i: usize| {
            if self.extents[i].is_unknown() {
                char::from(b'a' + i as u8).to_string()
            } else {
                Text::new().extent(self.extents[i], dims).as_str().to_string()
            }
        };
        let side = |rank: u8, place: &dyn Fn(usize) -> (u8, usize)| {
            let groups: Vec<String> = (0..rank)
                .map(|g| {
                    let atoms: Vec<String> = (0..self.atoms as usize)
                        .map(place)
                        .filter(|(group, _)| *group == g)
                        .map(|(_, a)| atom(a))
                        .collect();
                    if atoms.len() == 1 { atoms[0].clone() } else { format!("({})", atoms.join(", ")) }
                })
                .collect();
            groups.join(", ")
        };
        out.push_str(&format!(
            "|{}| ({})",
            side(self.inputs, &|i| (self.group[i], i)),
            side(self.outputs, &|i| (self.place[i], self.order[i] as usize)),
        ));
    }
}
