//! Containers of structures: `Option`, `Vec`, arrays, `Box`, and tuples.

use super::{DeclaredModule, DeclaredTree, Mapper, Module, StructInfo, Tree, Visitor};
use crate::types::Float;

#[diagnostic::do_not_recommend]
impl<T: Tree> Tree for Option<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        match self {
            Some(x) => {
                v.variant(1, "Some");
                x.visit(v);
            }
            None => v.variant(0, "None"),
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        self.as_ref().map(|x| x.map(m))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Tree for Vec<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        v.variant(self.len(), "Vec");
        for (i, x) in self.iter().enumerate() {
            v.index(i);
            x.visit(v);
            v.leave();
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        self.iter().enumerate().map(|(i, x)| element(m, i, |m| x.map(m))).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree, const N: usize> Tree for [T; N] {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        for (i, x) in self.iter().enumerate() {
            v.index(i);
            x.visit(v);
            v.leave();
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        std::array::from_fn(|i| element(m, i, |m| self[i].map(m)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> DeclaredTree for Box<T> {
    const IS_REFUSED: bool = T::IS_REFUSED;
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        (**self).visit(v);
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        Box::new((**self).map(m))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Module> Module for Option<T> {
    type With<F: Float> = Option<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        self.as_ref().map(|x| x.with::<F>(m))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Module> Module for Vec<T> {
    type With<F: Float> = Vec<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        self.iter().enumerate().map(|(i, x)| element(m, i, |m| x.with::<F>(m))).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Module, const N: usize> Module for [T; N] {
    type With<F: Float> = [T::With<F>; N];
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        std::array::from_fn(|i| element(m, i, |m| self[i].with::<F>(m)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Module> DeclaredModule for Box<T> {
    type With<F: Float> = Box<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        Box::new((**self).with::<F>(m))
    }
}

/// The result of `f`, called under the element `index`.
fn element<T>(m: &mut dyn Mapper, index: usize, f: impl FnOnce(&mut dyn Mapper) -> T) -> T {
    m.index(index);
    let y = f(m);
    m.leave();
    y
}

macro_rules! tuple_trees {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: Tree),*> Tree for ($($t,)*) {
            fn visit(&self, v: &mut dyn Visitor) {
                $(v.index($i); self.$i.visit(v); v.leave();)*
            }
            fn map(&self, m: &mut dyn Mapper) -> Self {
                ($(element(m, $i, |m| self.$i.map(m)),)*)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$($t: Module),*> Module for ($($t,)*) {
            type With<F_: Float> = ($($t::With<F_>,)*);
            fn with<F_: Float>(&self, m: &mut dyn Mapper) -> Self::With<F_> {
                ($(element(m, $i, |m| self.$i.with::<F_>(m)),)*)
            }
        }
    )*};
}

tuple_trees! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
}
