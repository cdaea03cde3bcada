//! State that a call takes by value and gives back, updated where it lies: behind a `&mut`, from which Rust lets nobody
//! move it out.

use crate::module::{Mapper, Tree};
use crate::tensor::{Key, RawTensor};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The value, with tensors without memory in its place until the new one is there: its buffers stay unique, so that
/// their memory can be reused.
#[doc(hidden)]
pub fn take<T: Tree>(place: &mut T) -> T {
    struct Empty;
    impl Mapper for Empty {
        fn tensor(&mut self, _: &RawTensor) -> RawTensor {
            RawTensor::Poison
        }
        fn key(&mut self, key: Key) -> Key {
            key
        }
    }
    let empty = place.map(&mut Empty);
    std::mem::replace(place, empty)
}

thread_local! {
    /// For each [`update`] under way: the type of its value, and the value that a refused call gave back.
    static RESCUED: RefCell<Vec<(TypeId, Option<Box<dyn Any>>)>> = const { RefCell::new(Vec::new()) };
}

/// An argument that a refused call gives back, where nobody else takes it.
pub(super) fn rescue<T: 'static>(value: T) {
    RESCUED.with_borrow_mut(|all| {
        if let Some((of, slot)) = all.last_mut()
            && *of == TypeId::of::<T>()
            && slot.is_none()
        {
            *slot = Some(Box::new(value));
        }
    });
}

/// Updates state in its place, on the host: moves the value out of `place`, and the one that `f` gives with a result
/// back in. What `f` passes on by value is donated, so its memory is reused, without the copy that a `clone` costs.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::call::update;
/// use thunder_core::tensor::Tensor;
/// struct Trainer {
///     net: Tensor<f32, (usize,)>,
/// }
/// let mut t = Trainer { net: Tensor::from_vec(vec![1.0, 2.0], (2,)) };
/// // `(net, loss)` of a `#[thunder]` function that takes `net` by value.
/// let loss = update(&mut t.net, |net| (net, 0.5));
/// assert_eq!((t.net.to_vec(), loss), (vec![1.0, 2.0], 0.5));
/// # }
/// ```
///
/// A call in `f` that is refused (a guard, linking, compiling, memory) gives its arguments back, and the value returns
/// to its place before the panic, or the error of [`scope`](super::scope), goes on. If the device failed, or `f` itself
/// panicked with the value in its hands, the value is lost, and the next call says of its tensors that an earlier
/// failure left them.
///
/// # Panics
/// As the calls in `f` do.
#[track_caller]
pub fn update<T: Tree, R>(place: &mut T, f: impl FnOnce(T) -> (T, R)) -> R {
    let value = take(place);
    RESCUED.with_borrow_mut(|all| all.push((TypeId::of::<T>(), None)));
    let outcome = catch_unwind(AssertUnwindSafe(|| f(value)));
    let rescued = RESCUED.with_borrow_mut(Vec::pop).and_then(|(_, slot)| slot);
    match outcome {
        Ok((new, result)) => {
            *place = new;
            result
        }
        Err(payload) => {
            if let Some(value) = rescued.and_then(|v| v.downcast().ok()) {
                *place = *value;
            }
            resume_unwind(payload)
        }
    }
}
