//! The tensors of a structure by their paths.

use super::{Mapper, StaticValue, Tree, Visitor};
use crate::tensor::{Key, RawTensor};

/// Every tensor of a structure, including buffers and integers, with its path: `blocks.3.attn.weight`.
pub fn named_tensors<T: Tree>(tree: &T) -> Vec<(String, RawTensor)> {
    struct All(Vec<String>, Vec<(String, RawTensor)>);
    #[diagnostic::do_not_recommend]
    impl Visitor for All {
        fn field(&mut self, name: &'static str) {
            self.0.push(name.to_string());
        }
        fn index(&mut self, index: usize) {
            self.0.push(index.to_string());
        }
        fn leave(&mut self) {
            self.0.pop();
        }
        fn tensor(&mut self, t: &RawTensor) {
            self.1.push((self.0.join("."), t.clone()));
        }
        fn key(&mut self, _: Key) {}
        fn fixed(&mut self, _: StaticValue<'_>) {}
    }
    let mut all = All(Vec::new(), Vec::new());
    tree.visit(&mut all);
    all.1
}

/// The same structure with the tensor that `f` returns for each path. `f` is not called again after an error.
///
/// # Errors
/// The first error of `f`.
pub fn try_map_tensors<T: Tree, X>(
    tree: &T,
    f: impl FnMut(&str, &RawTensor) -> Result<RawTensor, X>,
) -> Result<T, X> {
    struct Replace<F, X> {
        path: Vec<String>,
        f: F,
        error: Option<X>,
    }
    #[diagnostic::do_not_recommend]
    impl<F: FnMut(&str, &RawTensor) -> Result<RawTensor, X>, X> Mapper for Replace<F, X> {
        fn field(&mut self, name: &'static str) {
            self.path.push(name.to_string());
        }
        fn index(&mut self, index: usize) {
            self.path.push(index.to_string());
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            if self.error.is_none() {
                match (self.f)(&self.path.join("."), t) {
                    Ok(new) => return new,
                    Err(e) => self.error = Some(e),
                }
            }
            t.clone()
        }
        fn key(&mut self, key: Key) -> Key {
            key
        }
    }
    let mut replace = Replace { path: Vec::new(), f, error: None };
    let out = tree.map(&mut replace);
    replace.error.map_or(Ok(out), Err)
}
