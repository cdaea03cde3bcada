//! Structures of tensors inside a trace: their leaves as values, and structures built from values.

use super::dims::Solver;
use crate::error::Error;
use crate::item::Item;
use crate::module::{Mapper, Nesting, StaticValue, Tree, Visitor};
use crate::op::Op;
use crate::recorder::{self, Leaves, PathStep};
use crate::tensor::{Key, RawTensor};
use crate::trace::{Loc, Value};
use crate::types::Ty;
use std::any::TypeId;

/// `tree` with a new parameter of the recorded trace in place of each leaf.
pub(crate) fn parameters<T: Tree>(tree: &T, name: &str) -> T {
    struct Params<'a> {
        name: &'a str,
        path: Vec<PathStep>,
    }
    impl Params<'_> {
        fn add(&self, ty: Ty) -> Option<Value> {
            recorder::parameter(recorder::spell(self.name, &self.path), ty)
        }
    }
    #[diagnostic::do_not_recommend]
    impl Mapper for Params<'_> {
        fn field(&mut self, name: &'static str) {
            self.path.push(PathStep::Field(name));
        }
        fn index(&mut self, index: usize) {
            self.path.push(PathStep::Index(index as u32));
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            match t.ty().and_then(|ty| self.add(ty)) {
                Some(v) => RawTensor::Traced(v),
                None => RawTensor::Poison,
            }
        }
        fn key(&mut self, _: Key) -> Key {
            Key::traced(self.add(Ty::KEY))
        }
    }
    tree.map(&mut Params { name, path: Vec::new() })
}

/// The traced leaves of `tree`, with their paths and types, and its dimensions if it is a struct.
pub(crate) fn leaves<T: Tree>(tree: &T) -> Leaves {
    #[derive(Default)]
    struct Collect {
        path: Vec<PathStep>,
        out: Leaves,
    }
    impl Collect {
        fn add(&mut self, v: Value) {
            self.out.list.push((self.path.clone(), v));
            if let Some(ty) = recorder::ty(v) {
                self.out.types.push((self.path.clone(), ty));
            }
        }
    }
    #[diagnostic::do_not_recommend]
    impl Visitor for Collect {
        fn field(&mut self, name: &'static str) {
            self.path.push(PathStep::Field(name));
        }
        fn index(&mut self, index: usize) {
            self.path.push(PathStep::Index(index as u32));
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) {
            match t {
                RawTensor::Traced(v) => self.add(*v),
                // Without the error, this leaf would be missing from the list, and the leaves after it would shift.
                RawTensor::Concrete { .. } => {
                    let text = "a host tensor inside a trace: pass it as a parameter".into();
                    recorder::fail(Error::Type { text, loc: Loc::NONE });
                }
                RawTensor::Poison => {}
            }
        }
        fn key(&mut self, key: Key) {
            if let Some(v) = key.value() {
                self.add(v);
            }
        }
        fn fixed(&mut self, _: StaticValue<'_>) {}
    }
    let mut c = Collect::default();
    tree.visit(&mut c);
    let solver = Solver::solve(tree);
    if let Some(root) = solver.root {
        c.out.dims = root.names.iter().zip(&root.sizes).filter_map(|(n, &s)| Some((*n, s?))).collect();
    }
    c.out.wrong = solver.wrong;
    c.out
}

/// Inlines a function into the trace: logs the call with its arguments, runs the body, and logs the result.
#[track_caller]
pub(crate) fn inline<R: Tree>(
    item: &'static Item,
    body: Option<TypeId>,
    args: Vec<Leaves>,
    run: impl FnOnce() -> R,
) -> R {
    recorder::enter(item, body, args, Loc::caller());
    let result = run();
    recorder::exit(leaves(&result));
    result
}

/// Replaces each leaf of a structure that is not in a buffer by `leaf`, and each leaf in a buffer by `buffer`.
struct Replace<'a> {
    nesting: Nesting,
    leaf: &'a mut dyn FnMut(Ty) -> Option<Value>,
    buffer: &'a mut dyn FnMut(Value, Ty) -> Option<Value>,
}

impl Replace<'_> {
    fn value(&mut self, v: Option<Value>) -> Option<Value> {
        let v = v?;
        let ty = recorder::ty(v)?;
        if self.nesting.in_buffer() { (self.buffer)(v, ty) } else { (self.leaf)(ty) }
    }
}

#[diagnostic::do_not_recommend]
impl Mapper for Replace<'_> {
    fn buffer(&mut self) {
        self.nesting.buffer();
    }
    fn field(&mut self, _: &'static str) {
        self.nesting.enter();
    }
    fn index(&mut self, _: usize) {
        self.nesting.enter();
    }
    fn leave(&mut self) {
        self.nesting.leave();
    }
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        let RawTensor::Traced(v) = t else { return t.clone() };
        self.value(Some(*v)).map_or(RawTensor::Poison, RawTensor::Traced)
    }
    fn key(&mut self, key: Key) -> Key {
        Key::traced(self.value(key.value()))
    }
}

/// `tree` with a new value of the same type in place of each leaf. Buffers stay as they are, because no derivative is
/// taken with respect to them. The new values are not parameters of the trace.
pub(super) fn fresh<T: Tree>(tree: &T) -> T {
    let (leaf, buffer) = (&mut |ty| recorder::new_value(Some(ty)), &mut |v, _| Some(v));
    tree.map(&mut Replace { nesting: Nesting::default(), leaf, buffer })
}

/// `tree` with its leaves replaced by `values`, their derivatives, in order, and its buffers by zeros.
pub(super) fn derivatives<T: Tree>(tree: &T, values: &mut dyn Iterator<Item = Value>, loc: Loc) -> T {
    let zeros = &mut |_, ty: Ty| {
        let value = crate::rules::zero(ty.dtype());
        recorder::append(Op::Full { value, elem: ty.elem, shape: ty.shape }, &[], loc, false)
    };
    tree.map(&mut Replace { nesting: Nesting::default(), leaf: &mut |_| values.next(), buffer: zeros })
}

/// `tree` with its traced leaves replaced by `values`, in order.
pub(super) fn replace<T: Tree>(tree: &T, values: &mut dyn Iterator<Item = Value>) -> T {
    struct InOrder<'a>(&'a mut dyn Iterator<Item = Value>);
    #[diagnostic::do_not_recommend]
    impl Mapper for InOrder<'_> {
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            match t {
                RawTensor::Traced(_) => self.0.next().map_or(RawTensor::Poison, RawTensor::Traced),
                other => other.clone(),
            }
        }
        fn key(&mut self, key: Key) -> Key {
            if key.value().is_some() { Key::traced(self.0.next()) } else { key }
        }
    }
    tree.map(&mut InOrder(values))
}
