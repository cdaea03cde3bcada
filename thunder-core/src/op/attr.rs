//! The attributes an operation can carry.
//!
//! Each has a *free* value, for what a macro cannot read from the tokens (a configuration field, say). A
//! linked trace has none; verification lets a free attribute stand for any value.

use super::custom::CustomRef;
use super::lit::Lit;
use crate::types::{Axes, Axis, Elem, Extent, MAX_RANK, Shape, Text};
use std::fmt;

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

/// Which keys a query of an attention sees.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Causal {
    /// All of them.
    No,
    /// Those at its own place and before; there are as many queries as keys.
    Equal,
    /// Query `i` sees the keys up to `i`.
    UpperLeft,
    /// The last query sees every key: query `i` sees the keys up to `i + keys - queries`.
    LowerRight,
    /// Known when linked.
    Free,
}

impl Causal {
    /// The last key that query 0 sees, if it does not see them all.
    pub const fn first(self, queries: usize, keys: usize) -> Option<i64> {
        match self {
            Causal::No | Causal::Free => None,
            Causal::Equal | Causal::UpperLeft => Some(0),
            Causal::LowerRight => Some(keys as i64 - queries as i64),
        }
    }
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
    Option(Option<Lit>),
    Causal(Causal),
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
    Custom(CustomRef),
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
    /// The value where an example, which has `rank` dimensions, has one more before them: axes are one more.
    fn batched(&self, rank: usize) -> Self
    where
        Self: Copy,
    {
        let _ = rank;
        *self
    }
}

fn extent_allows(a: Extent, b: Extent, bindings: &[Extent]) -> bool {
    !a.substitute(bindings).differs(b)
}

impl Attr for Lit {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Lit(*self)
    }
    fn allows(&self, linked: &Lit, _: &[Extent]) -> bool {
        // `2` beside a float tensor is recorded as 2.0: the kind is the tensor's, the number must agree exactly.
        self.becomes(*linked)
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&self.to_string());
    }
}

/// Of an option that was left out, nothing; one that is free may be there or not.
impl Attr for Option<Lit> {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Option(*self)
    }
    fn allows(&self, linked: &Option<Lit>, _: &[Extent]) -> bool {
        match (self, linked) {
            (Some(Lit::Free), _) | (None, None) => true,
            (Some(a), Some(b)) => a.becomes(*b),
            _ => false,
        }
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(&self.map_or_else(|| "none".into(), |l| l.to_string()));
    }
}

impl Attr for Causal {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Causal(*self)
    }
    fn allows(&self, linked: &Causal, _: &[Extent]) -> bool {
        matches!(self, Causal::Free) || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(match self {
            Causal::No => "false",
            Causal::Equal => "true",
            Causal::UpperLeft => "upper_left",
            Causal::LowerRight => "lower_right",
            Causal::Free => "_",
        });
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
    fn batched(&self, rank: usize) -> Axis {
        Axis(self.resolve(rank).map_or(0, |a| a + 1) as i32)
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
    fn batched(&self, rank: usize) -> Axes {
        Axes::from_usize(self.resolved(rank).into_iter().map(|a| a + 1))
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
