//! What the macro knows of the values in a body, and the names that are bound to them.

use crate::parse::Callable;
use crate::trace::Operand;
use std::rc::Rc;
use syn::ExprClosure;
use thunder_core::item::Var;
use thunder_core::op::Lit;
use thunder_core::types::{Extent, Ty};

/// A static value, as far as it can be read.
#[derive(Clone, PartialEq, Debug)]
pub enum Const {
    /// Known when linked.
    Unknown,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Str(String),
    /// A `usize` that is an extent.
    Extent(Extent),
    /// A range of extents.
    Range(Option<Extent>, Option<Extent>),
    /// `None`.
    Nothing,
    /// A path that ends like a variant: `Reduction::Sum`.
    Variant(String),
}

impl Const {
    /// As an extent.
    pub fn extent(&self) -> Extent {
        match self {
            Const::Int(n) if *n >= 0 => Extent::new(*n as usize),
            Const::Extent(e) => *e,
            _ => Extent::UNKNOWN,
        }
    }

    /// As an attribute.
    pub fn lit(&self) -> Lit {
        match self {
            Const::Int(n) => Lit::I((*n).into()),
            Const::Float(x) => Lit::F(*x),
            Const::Bool(b) => Lit::B(*b),
            Const::Extent(e) => e.value().map_or(Lit::Free, |n| Lit::I(n as i128)),
            _ => Lit::Free,
        }
    }
}

/// What is known of a value.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // Tensors are the common case.
pub enum Value<'a> {
    /// A tensor.
    Tensor(Operand, Ty),
    /// A random key.
    Key(Operand),
    /// A static value.
    Static(Const),
    /// A tuple or an array of known length.
    Tuple(Vec<Value<'a>>),
    /// A `Vec`, a slice or an array of unknown length: the container, and what an element is.
    List(Operand, Box<Value<'a>>),
    /// An iterator.
    Iter(Rc<Iter<'a>>),
    /// An `Option` that may be there; it is what it holds.
    Option(Box<Value<'a>>),
    /// Static options: `Sdpa { causal: true, .. }`.
    Options(Rc<Options<'a>>),
    /// A module: no number.
    Module(Operand),
    /// Anything.
    Unknown(Operand),
    /// A closure.
    Closure(Rc<Closure<'a>>),
    /// A closure that the item was given.
    Callable(Var, Rc<Callable>),
    /// Declared, not yet assigned.
    Unset,
    /// What an expression that leaves gives.
    Never,
    /// What was reported.
    Failed,
}

/// The fields of a struct literal of options.
pub struct Options<'a> {
    /// The fields given.
    pub fields: Vec<(String, Value<'a>)>,
    /// Whether the rest is something other than `Default::default()`.
    pub opaque: bool,
}

/// A closure with what it captured.
pub struct Closure<'a> {
    /// Its syntax.
    pub syntax: &'a ExprClosure,
    /// The bindings it sees.
    pub scope: Scope<'a>,
}

/// A lazy iterator.
#[derive(Clone)]
pub enum Iter<'a> {
    /// Over a container, in order.
    Each(Value<'a>),
    /// Over a container, in an order or a choice of its own.
    Some(Value<'a>),
    /// Two at once.
    Zip(Rc<Iter<'a>>, Rc<Iter<'a>>),
    /// With the index.
    Enumerate(Rc<Iter<'a>>),
    /// Through a closure.
    Map(Rc<Iter<'a>>, Value<'a>),
    /// Those that a closure keeps which calls what is traced: the rest of an iteration is an arm of the choice of this
    /// number.
    Filter(Rc<Iter<'a>>, Value<'a>, u16),
    /// What a closure gives that traces nothing, taken out of an `Option` or a list.
    Given(Rc<Iter<'a>>, Value<'a>),
    /// One after the other.
    Chain(Rc<Iter<'a>>, Rc<Iter<'a>>),
    /// Parts of a list that are lists: `windows`, `chunks`.
    Lists(Value<'a>),
}

impl<'a> Iter<'a> {
    /// The first closure that runs in an iteration, if there is one.
    pub fn host(&self) -> Option<&'a ExprClosure> {
        match self {
            Iter::Each(_) | Iter::Some(_) | Iter::Lists(_) => None,
            Iter::Zip(a, b) | Iter::Chain(a, b) => a.host().or_else(|| b.host()),
            Iter::Enumerate(a) | Iter::Given(a, _) => a.host(),
            Iter::Map(a, f) | Iter::Filter(a, f, _) => a.host().or(match f {
                Value::Closure(c) => Some(c.syntax),
                _ => None,
            }),
        }
    }

    /// Whether a closure of it keeps some by what is traced.
    pub fn filters(&self) -> bool {
        match self {
            Iter::Each(_) | Iter::Some(_) | Iter::Lists(_) => false,
            Iter::Zip(a, b) | Iter::Chain(a, b) => a.filters() || b.filters(),
            Iter::Enumerate(a) | Iter::Given(a, _) | Iter::Map(a, _) => a.filters(),
            Iter::Filter(..) => true,
        }
    }

    /// The same, not in order.
    pub fn shuffled(&self) -> Iter<'a> {
        match self {
            Iter::Each(v) | Iter::Some(v) => Iter::Some(v.clone()),
            Iter::Zip(a, b) => Iter::Zip(Rc::new(a.shuffled()), Rc::new(b.shuffled())),
            Iter::Enumerate(a) => Iter::Enumerate(Rc::new(a.shuffled())),
            Iter::Map(a, f) => Iter::Map(Rc::new(a.shuffled()), f.clone()),
            Iter::Filter(a, f, site) => Iter::Filter(Rc::new(a.shuffled()), f.clone(), *site),
            Iter::Given(a, f) => Iter::Given(Rc::new(a.shuffled()), f.clone()),
            Iter::Chain(a, b) => Iter::Chain(a.clone(), b.clone()),
            Iter::Lists(v) => Iter::Lists(v.clone()),
        }
    }
}

impl Value<'_> {
    /// A static value nothing is known of.
    pub const STATIC: Value<'static> = Value::Static(Const::Unknown);

    /// `()`.
    pub fn unit() -> Self {
        Value::Tuple(Vec::new())
    }

    /// Whether it is certainly no tensor and holds none.
    pub fn is_static(&self) -> bool {
        match self {
            Value::Static(_) => true,
            Value::Tuple(parts) => parts.iter().all(Value::is_static),
            Value::Option(inner) => inner.is_static(),
            Value::List(_, elem) => elem.is_static(),
            Value::Options(o) => o.fields.iter().all(|(_, v)| v.is_static()),
            Value::Iter(i) => match &**i {
                Iter::Each(v) | Iter::Some(v) | Iter::Lists(v) => v.is_static(),
                Iter::Filter(a, ..) => Value::Iter(a.clone()).is_static(),
                Iter::Given(..) => false,
                Iter::Zip(a, b) | Iter::Chain(a, b) => {
                    Value::Iter(a.clone()).is_static() && Value::Iter(b.clone()).is_static()
                }
                Iter::Enumerate(a) => Value::Iter(a.clone()).is_static(),
                Iter::Map(..) => false,
            },
            _ => false,
        }
    }

    /// Whether it certainly is a tensor.
    pub fn is_tensor(&self) -> bool {
        matches!(self, Value::Tensor(..))
    }

    /// Whether it is a number of its own: not a tuple.
    pub fn is_number(&self) -> bool {
        matches!(self, Value::Static(_))
    }
}

/// A name and what it stands for.
#[derive(Clone)]
pub struct Binding<'a> {
    /// The name.
    pub name: String,
    /// Which binding it is, among all of the item.
    pub id: u32,
    /// Counts its assignments.
    pub version: u32,
    /// Whether it is a dimension that an annotation named.
    pub dim: bool,
    /// The value.
    pub value: Value<'a>,
}

/// The bindings in sight, innermost last.
#[derive(Clone, Default)]
pub struct Scope<'a> {
    /// The bindings.
    pub bindings: Vec<Binding<'a>>,
    next: u32,
}

impl<'a> Scope<'a> {
    /// Binds `name`.
    pub fn bind(&mut self, name: impl Into<String>, value: Value<'a>) {
        self.next += 1;
        self.bindings.push(Binding { name: name.into(), id: self.next, version: 0, dim: false, value });
    }

    /// Binds the dimension `name` to an extent that is known already.
    pub fn bind_dim(&mut self, name: impl Into<String>, value: Value<'a>) {
        self.bind(name, value);
        if let Some(b) = self.bindings.last_mut() {
            b.dim = true;
        }
    }

    /// What `name` stands for.
    pub fn find(&self, name: &str) -> Option<&Binding<'a>> {
        self.bindings.iter().rev().find(|b| b.name == name)
    }

    /// Rebinds `name`.
    pub fn assign(&mut self, name: &str, value: Value<'a>) {
        if let Some(b) = self.bindings.iter_mut().rev().find(|b| b.name == name) {
            b.version += 1;
            b.value = value;
        }
    }

    /// The newest binding there has been.
    pub fn newest(&self) -> u32 {
        self.next
    }

    /// Makes new bindings distinct from those of `other`.
    pub fn after(&mut self, other: &Scope<'a>) {
        self.next = self.next.max(other.next);
    }

    /// Takes over what `inner`, which saw these bindings, assigned to them.
    pub fn adopt(&mut self, inner: &Scope<'a>) {
        self.next = self.next.max(inner.next);
        for b in &mut self.bindings {
            if let Some(new) = inner.bindings.iter().find(|n| n.id == b.id)
                && new.version > b.version
            {
                b.version = new.version;
                b.value = new.value.clone();
            }
        }
    }
}
