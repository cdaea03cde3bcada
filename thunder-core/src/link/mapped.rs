//! `vmap` and `scan`: closures over the elements of a leading dimension.

use super::structures::leaves;
use crate::item::Transform;
use crate::module::{DeclaredModule, Mapper, Module, StaticValue, Tree, Visitor};
use crate::op::Op;
use crate::recorder;
use crate::tensor::{Key, Pop, Push, RawTensor, Tensor, record};
use crate::trace::{Kind, Loc, Value};
use crate::types::{Axis, Element, Extent, Float, Ty};

/// A structure whose tensors all have one leading dimension more than those of [`Examples::One`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no leading dimension to map over",
    note = "tensors of rank 1 and more have, `Stacked` modules, and tuples of them"
)]
pub trait Examples: Tree {
    /// One example.
    type One: Tree;
    /// One example, its leaves from `m`.
    fn one(&self, m: &mut dyn Mapper) -> Self::One;
}

/// A structure that can be stacked along a new leading dimension.
pub trait Stack: Tree {
    /// The stacked structure.
    type Many: Tree;
    /// The stacked structure, its leaves from `m`.
    fn many(&self, m: &mut dyn Mapper) -> Self::Many;
}

/// A module whose every tensor has one leading dimension more: what [`vmap`] and [`scan`] map over and give.
#[derive(Clone, Debug)]
pub struct Stacked<M>(M);

impl<M: Module> Stacked<M> {
    /// From a module whose tensors already have the leading dimension.
    pub fn from_module(module: M) -> Self {
        Stacked(module)
    }
    /// The module, whose tensors have the leading dimension though their types don't say so.
    pub fn into_module(self) -> M {
        self.0
    }
}

#[diagnostic::do_not_recommend]
impl<M: DeclaredModule> Stack for M {
    type Many = Stacked<M>;
    fn many(&self, m: &mut dyn Mapper) -> Stacked<M> {
        Stacked::from_module(Tree::map(self, m))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Module> Tree for Stacked<M> {
    fn visit(&self, v: &mut dyn Visitor) {
        v.stack();
        self.0.visit(v);
        v.unstack();
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        Stacked(self.0.map(m))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Module> Module for Stacked<M> {
    type With<F: Float> = Stacked<M::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        Stacked(self.0.with::<F>(m))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Module> Examples for Stacked<M> {
    type One = M;
    fn one(&self, m: &mut dyn Mapper) -> M {
        self.0.map(m)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Pop> Examples for Tensor<E, S> {
    type One = Tensor<E, S::Less>;
    fn one(&self, m: &mut dyn Mapper) -> Self::One {
        Tensor::from_raw(m.tensor(self.raw()))
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Push> Stack for Tensor<E, S> {
    type Many = Tensor<E, S::More>;
    fn many(&self, m: &mut dyn Mapper) -> Self::Many {
        Tensor::from_raw(m.tensor(self.raw()))
    }
}

macro_rules! tuples {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: Examples),*> Examples for ($($t,)*) {
            type One = ($($t::One,)*);
            #[allow(unused_variables, clippy::unused_unit)]
            fn one(&self, m: &mut dyn Mapper) -> Self::One { ($(self.$i.one(m),)*) }
        }
        #[diagnostic::do_not_recommend]
        impl<$($t: Stack),*> Stack for ($($t,)*) {
            type Many = ($($t::Many,)*);
            #[allow(unused_variables, clippy::unused_unit)]
            fn many(&self, m: &mut dyn Mapper) -> Self::Many { ($(self.$i.many(m),)*) }
        }
    )*};
}

tuples! { (); (A 0); (A 0, B 1); (A 0, B 1, C 2); (A 0, B 1, C 2, D 3); }

/// The extent of the leading dimension, if all leaves agree on one.
#[track_caller]
fn leading<T: Tree>(what: &str, xs: &T) -> Option<usize> {
    struct Lead(Option<usize>, bool, bool);
    #[diagnostic::do_not_recommend]
    impl Visitor for Lead {
        fn tensor(&mut self, t: &RawTensor) {
            let Some(ty) = t.ty() else { return };
            let Some(size) = ty.sizes().first().copied() else {
                self.2 = true;
                return;
            };
            if *self.0.get_or_insert(size) != size {
                self.1 = true;
            }
        }
        fn key(&mut self, _: Key) {}
        fn fixed(&mut self, _: StaticValue<'_>) {}
    }
    let mut lead = Lead(None, false, false);
    xs.visit(&mut lead);
    if lead.2 {
        return recorder::fail_text(&format!("`{what}`: a tensor without dimensions has none to map over"));
    }
    if lead.1 {
        return recorder::fail_text(&format!("`{what}`: the leading dimensions differ"));
    }
    if lead.0.is_none() {
        return recorder::fail_text(&format!("`{what}`: nothing to map over"));
    }
    lead.0
}

/// New values of the types that `ty` makes of the leaves'.
struct Fresh<F>(F);

#[diagnostic::do_not_recommend]
impl<F: Fn(Ty) -> Ty> Mapper for Fresh<F> {
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        recorder::new_value(t.ty().map(&self.0)).map_or(RawTensor::Poison, RawTensor::Traced)
    }
    fn key(&mut self, key: Key) -> Key {
        key
    }
}

/// Takes leaves from a list, in order.
struct Take<'a>(&'a mut dyn Iterator<Item = Value>);

#[diagnostic::do_not_recommend]
impl Mapper for Take<'_> {
    fn tensor(&mut self, _: &RawTensor) -> RawTensor {
        self.0.next().map_or(RawTensor::Poison, RawTensor::Traced)
    }
    fn key(&mut self, key: Key) -> Key {
        key
    }
}

fn without_lead(ty: Ty) -> Ty {
    if ty.shape.rank() == 0 { ty } else { Ty::new(ty.elem, ty.shape.remove(0)) }
}

/// `f` for every example along the leading dimension of `xs`, computed at once; results are stacked along a
/// new leading dimension. What `f` captures is shared by all examples, keys included.
#[track_caller]
pub fn vmap<X: Examples, Y: Stack>(xs: &X, f: impl FnOnce(&X::One) -> Y) -> Y::Many {
    super::region::inside("vmap");
    let mut size = leading("vmap", xs).unwrap_or(1);
    if u32::try_from(size).is_err() {
        recorder::fail_text::<()>(&format!("`vmap`: at most {} examples, found {size}", u32::MAX));
        size = 1;
    }
    let one = xs.one(&mut Fresh(without_lead));
    let (outer, params) = (leaves(xs), leaves(&one));
    recorder::open_region(Transform::Vmap, vec![outer.clone()], vec![params.clone()]);
    let y = f(&one);
    // A key stands for itself: all examples share it.
    let (args, params) = super::region::apart(&outer, &params);
    let results =
        recorder::close_region(Kind::Vmap { size: size as u32 }, args, params, leaves(&y), |outs| {
            outs.iter().map(|t| Ty::new(t.elem, t.shape.insert(0, Extent::new(size)))).collect()
        });
    let ys = y.many(&mut Take(&mut results.into_iter()));
    recorder::transform_result(leaves(&ys));
    ys
}

/// `f` for every element along the leading dimension of `xs`, one after another, a carry passed on; gives the
/// last carry and the stacked results.
///
/// The number of steps is static, and each is recorded: a loop over a long sequence makes a long trace.
#[track_caller]
pub fn scan<C: Tree, X: Examples, Y: Stack>(
    init: C,
    xs: &X,
    mut f: impl FnMut(C, &X::One) -> (C, Y),
) -> (C, Y::Many) {
    super::region::inside("scan");
    let loc = Loc::caller();
    let steps = leading("scan", xs).unwrap_or(0);
    if steps == 0 {
        recorder::fail_text::<()>("`scan` over no elements: the results' shapes are unknown");
    }
    let (mut carry, mut rows, mut last) = (init, Vec::new(), None);
    for step in 0..steps.max(1) {
        struct Element(usize, Loc);
        #[diagnostic::do_not_recommend]
        impl Mapper for Element {
            fn tensor(&mut self, t: &RawTensor) -> RawTensor {
                let op = Op::SelectIndex { axis: Axis(0), index: Extent::new(self.0) };
                record::unlogged(op, &[t], self.1)
            }
            fn key(&mut self, key: Key) -> Key {
                key
            }
        }
        let x = xs.one(&mut Element(step, loc));
        recorder::open_step(Transform::Scan, Vec::new(), vec![leaves(&carry), leaves(&x)]);
        let (next, y) = f(carry, &x);
        let out = (next, y);
        recorder::close_step(leaves(&out));
        let y;
        (carry, y) = out;
        rows.push(leaves(&y).list.into_iter().map(|(_, v)| v).collect::<Vec<_>>());
        last = Some(y);
    }
    let width = rows.first().map_or(0, Vec::len);
    let stacked: Vec<Value> = (0..width)
        .filter_map(|k| {
            let column: Vec<RawTensor> = rows.iter().map(|r| RawTensor::Traced(r[k])).collect();
            let refs: Vec<&RawTensor> = column.iter().collect();
            match record::unlogged(Op::Stack { axis: Axis(0) }, &refs, loc) {
                RawTensor::Traced(v) => Some(v),
                _ => None,
            }
        })
        .collect();
    let Some(y) = last else { unreachable!("there is at least one step") };
    let ys = y.many(&mut Take(&mut stacked.into_iter()));
    let result = (carry, ys);
    recorder::transform_result(leaves(&result));
    result
}
