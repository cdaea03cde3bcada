//! Updates of state behind a `&mut` by calls that take the state by value and return the new state. Rust does not allow
//! moving a value out of a `&mut`.

use crate::module::{Mapper, Tree};
use crate::tensor::{Key, RawTensor};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Moves the value out of `place`, and leaves tensors without memory there until the new value is stored. The buffers of
/// the value stay unique, so their memory can be reused.
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
    /// For each running [`update`]: the type of its value, and the value that a refused call returned.
    static RESCUED: RefCell<Vec<(TypeId, Option<Box<dyn Any>>)>> = const { RefCell::new(Vec::new()) };
}

/// Offers an argument of a refused call to the running [`update`].
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

/// Updates state in place, on the host: moves the value out of `place`, calls `f` with it, and stores the value that `f`
/// returns. A call in `f` that takes the value by value reuses its memory, without the copy that a `clone` would cost.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::call::update;
/// use thunder_core::tensor::Tensor;
/// struct Trainer {
///     net: Tensor<f32, (usize,)>,
/// }
/// let mut t = Trainer { net: Tensor::from_vec(vec![1.0, 2.0], (2,)) };
/// // In a real program: the results `(net, loss)` of a `#[thunder]` function that takes `net` by value.
/// let loss = update(&mut t.net, |net| (net, 0.5));
/// assert_eq!((t.net.to_vec(), loss), (vec![1.0, 2.0], 0.5));
/// # }
/// ```
///
/// If a call in `f` is refused (by a guard, linking, compiling, or for lack of memory), it returns its arguments, and the
/// value is stored in `place` again before the panic, or the error of [`scope`](super::scope), continues. If the device
/// fails, or if `f` itself panics while it owns the value, the value is lost. The next call with its tensors then reports
/// an earlier failure.
///
/// # Panics
/// If `f` or a call in it panics.
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
