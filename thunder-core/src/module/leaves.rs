//! Structures that are one leaf: a tensor, a key, or a static value.

use super::{Mapper, Module, StaticValue, Tree, Visitor};
use crate::tensor::{Key, Shape, Tensor};
use crate::types::{Element, Float};

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> Tree for Tensor<E, S> {
    const IS_TENSOR: bool = true;
    fn visit(&self, v: &mut dyn Visitor) {
        v.tensor(self.raw());
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        Tensor::from_raw(m.tensor(self.raw()))
    }
}

#[diagnostic::do_not_recommend]
impl<E: Float, S: Shape> Module for Tensor<E, S> {
    type With<F: Float> = Tensor<F, S>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        Tensor::from_raw(m.recast(self.raw(), F::DTYPE))
    }
}

// Tensors of other element types do not change.
macro_rules! other_tensors {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<S: Shape> Module for Tensor<$t, S> {
            type With<F: Float> = Tensor<$t, S>;
            fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self { self.map(m) }
        }
    )*};
}

other_tensors! { i64 i32 u32 u8 bool }

#[diagnostic::do_not_recommend]
impl Tree for Key {
    fn visit(&self, v: &mut dyn Visitor) {
        v.key(*self);
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        m.key(*self)
    }
}

#[diagnostic::do_not_recommend]
impl Module for Key {
    type With<F: Float> = Key;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Key {
        m.key(*self)
    }
}

macro_rules! static_trees {
    ($($t:ty: $x:ident => $bits:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Tree for $t {
            fn visit(&self, v: &mut dyn Visitor) { let $x = *self; v.fixed(StaticValue::Bits($bits)); }
            fn map(&self, _: &mut dyn Mapper) -> Self { *self }
        }
        #[diagnostic::do_not_recommend]
        impl Module for $t {
            type With<F: Float> = $t;
            fn with<F: Float>(&self, _: &mut dyn Mapper) -> $t { *self }
        }
    )*};
}

static_trees! {
    f64: x => x.to_bits();
    f32: x => u64::from(x.to_bits());
    half::f16: x => u64::from(x.to_bits());
    half::bf16: x => u64::from(x.to_bits());
    i64: x => x as u64;
    i32: x => x as u64;
    i16: x => x as u64;
    i8: x => x as u64;
    isize: x => x as u64;
    u64: x => x;
    u32: x => u64::from(x);
    u16: x => u64::from(x);
    u8: x => u64::from(x);
    usize: x => x as u64;
    bool: x => u64::from(x);
    char: x => u64::from(x);
    (): _x => 0;
}

#[diagnostic::do_not_recommend]
impl Tree for String {
    fn visit(&self, v: &mut dyn Visitor) {
        v.fixed(StaticValue::Text(self));
    }
    fn map(&self, _: &mut dyn Mapper) -> Self {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl Tree for &'static str {
    fn visit(&self, v: &mut dyn Visitor) {
        v.fixed(StaticValue::Text(self));
    }
    fn map(&self, _: &mut dyn Mapper) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl Module for String {
    type With<F: Float> = String;
    fn with<F: Float>(&self, _: &mut dyn Mapper) -> String {
        self.clone()
    }
}
