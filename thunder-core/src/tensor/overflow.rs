//! Overflow of static integers: a panic in every profile, which linking makes an [`Error`](crate::error::Error).
//!
//! In a body `a - b` stays the operator that Rust knows, so that rustc infers its types as ever. Before it the sides are
//! asked whether the result fits: [`Operands`] has the answer for numbers, and rustc finds the one of [`NoOverflow`], which
//! takes a reference more, for all else.

/// The operands of an operator, or the operand of a unary one with `()`.
pub struct Operands<'a, A: ?Sized, B: ?Sized>(pub &'a A, pub &'a B);

/// A number, or a reference to one.
pub trait Number {
    /// The number's type.
    type This: Fits;
    /// The number.
    fn number(&self) -> Self::This;
}

impl<T: Number + ?Sized> Number for &T {
    type This = T::This;
    fn number(&self) -> T::This {
        (**self).number()
    }
}

/// Whether the results of a number's operators fit into its type.
pub trait Fits: Copy {
    /// Of `self + rhs`.
    fn add(self, rhs: Self) -> bool;
    /// Of `self - rhs`.
    fn sub(self, rhs: Self) -> bool;
    /// Of `self * rhs`.
    fn mul(self, rhs: Self) -> bool;
    /// Of `-self`.
    fn neg(self) -> bool;
    /// Of `self.abs()`.
    fn abs(self) -> bool;
    /// Of `self.pow(exponent)`.
    fn pow(self, exponent: u32) -> bool;
    /// Of `self.next_power_of_two()`.
    fn next_power_of_two(self) -> bool;
    /// Of `self.next_multiple_of(rhs)`, where the right side is none that fails by itself.
    fn next_multiple_of(self, rhs: Self) -> bool;
    /// Whether it may be shifted by `bits`.
    fn shift(self, bits: i128) -> bool;
    /// As a number of bits.
    fn bits(self) -> i128;
}

macro_rules! integers {
    ($power:expr, $multiple:expr; $($t:ty)*) => {$(
        impl Number for $t {
            type This = $t;
            fn number(&self) -> $t { *self }
        }
        #[allow(unused_comparisons)]
        impl Fits for $t {
            fn add(self, rhs: $t) -> bool { self.checked_add(rhs).is_some() }
            fn sub(self, rhs: $t) -> bool { self.checked_sub(rhs).is_some() }
            fn mul(self, rhs: $t) -> bool { self.checked_mul(rhs).is_some() }
            fn neg(self) -> bool { self.checked_neg().is_some() }
            fn abs(self) -> bool { self >= 0 || self.checked_neg().is_some() }
            fn pow(self, exponent: u32) -> bool { self.checked_pow(exponent).is_some() }
            fn next_power_of_two(self) -> bool { let f: fn($t) -> bool = $power; f(self) }
            fn next_multiple_of(self, rhs: $t) -> bool { let f: fn($t, $t) -> bool = $multiple; f(self, rhs) }
            fn shift(self, bits: i128) -> bool { (0..i128::from(<$t>::BITS)).contains(&bits) }
            fn bits(self) -> i128 { i128::try_from(self).unwrap_or(i128::MAX) }
        }
    )*};
}

integers! {
    |x| x.checked_next_power_of_two().is_some(), |x, n| n == 0 || x.checked_next_multiple_of(n).is_some();
    u8 u16 u32 u64 u128 usize
}
integers! { |_| true, |_, _| true; i8 i16 i32 i64 i128 isize }

macro_rules! floats {
    ($($t:ty)*) => {$(
        impl Number for $t {
            type This = $t;
            fn number(&self) -> $t { *self }
        }
        impl Fits for $t {
            fn add(self, _: $t) -> bool { true }
            fn sub(self, _: $t) -> bool { true }
            fn mul(self, _: $t) -> bool { true }
            fn neg(self) -> bool { true }
            fn abs(self) -> bool { true }
            fn pow(self, _: u32) -> bool { true }
            fn next_power_of_two(self) -> bool { true }
            fn next_multiple_of(self, _: $t) -> bool { true }
            fn shift(self, _: i128) -> bool { true }
            fn bits(self) -> i128 { 0 }
        }
    )*};
}

floats! { f32 f64 }

#[track_caller]
fn assert(fits: bool, what: &str) {
    if !fits {
        panic!("attempt to {what} with overflow");
    }
}

/// Panics where an operator on numbers overflows, in the words of Rust's own panic.
pub trait Overflow {
    /// `a + b`.
    fn add(&self);
    /// `a - b`.
    fn sub(&self);
    /// `a * b`.
    fn mul(&self);
    /// `a.next_multiple_of(b)`.
    fn next_multiple_of(&self);
}

impl<A: Number<This = T> + ?Sized, B: Number<This = T> + ?Sized, T: Fits> Overflow for Operands<'_, A, B> {
    #[track_caller]
    fn add(&self) {
        assert(self.0.number().add(self.1.number()), "add");
    }
    #[track_caller]
    fn sub(&self) {
        assert(self.0.number().sub(self.1.number()), "subtract");
    }
    #[track_caller]
    fn mul(&self) {
        assert(self.0.number().mul(self.1.number()), "multiply");
    }
    #[track_caller]
    fn next_multiple_of(&self) {
        assert(self.0.number().next_multiple_of(self.1.number()), "add");
    }
}

/// The same of a shift, whose sides may be of two types.
pub trait ShiftOverflow {
    /// `a << b`.
    fn shl(&self);
    /// `a >> b`.
    fn shr(&self);
    /// `a.pow(b)`.
    fn pow(&self);
}

impl<A: Number + ?Sized, B: Number + ?Sized> ShiftOverflow for Operands<'_, A, B> {
    #[track_caller]
    fn shl(&self) {
        assert(self.0.number().shift(self.1.number().bits()), "shift left");
    }
    #[track_caller]
    fn shr(&self) {
        assert(self.0.number().shift(self.1.number().bits()), "shift right");
    }
    #[track_caller]
    fn pow(&self) {
        assert(u32::try_from(self.1.number().bits()).is_ok_and(|n| self.0.number().pow(n)), "multiply");
    }
}

/// The same of one operand.
pub trait UnaryOverflow {
    /// `-a`.
    fn neg(&self);
    /// `a.abs()`.
    fn abs(&self);
    /// `a.next_power_of_two()`.
    fn next_power_of_two(&self);
}

impl<A: Number + ?Sized> UnaryOverflow for Operands<'_, A, ()> {
    #[track_caller]
    fn neg(&self) {
        assert(self.0.number().neg(), "negate");
    }
    #[track_caller]
    fn abs(&self) {
        assert(self.0.number().abs(), "negate");
    }
    #[track_caller]
    fn next_power_of_two(&self) {
        assert(self.0.number().next_power_of_two(), "add");
    }
}

/// What is no number does not overflow.
pub trait NoOverflow {
    /// Nothing.
    fn add(&self) {}
    /// Nothing.
    fn sub(&self) {}
    /// Nothing.
    fn mul(&self) {}
    /// Nothing.
    fn shl(&self) {}
    /// Nothing.
    fn shr(&self) {}
    /// Nothing.
    fn pow(&self) {}
    /// Nothing.
    fn neg(&self) {}
    /// Nothing.
    fn abs(&self) {}
    /// Nothing.
    fn next_power_of_two(&self) {}
    /// Nothing.
    fn next_multiple_of(&self) {}
}

impl<A: ?Sized, B: ?Sized> NoOverflow for &Operands<'_, A, B> {}

/// What std's iterators are summed and multiplied into; integers overflow in every profile.
#[diagnostic::on_unimplemented(
    message = "an opaque call: a sum or a product into `{Self}` is not std's alone, and what it does is not traced",
    label = "of a type that is neither std's nor `#[thunder]`",
    note = "sum numbers; or write a `#[thunder]` function with a loop"
)]
pub trait Total<A>: Sized {
    /// `iterator.sum()`.
    fn sum(iterator: impl Iterator<Item = A>) -> Self;
    /// `iterator.product()`.
    fn product(iterator: impl Iterator<Item = A>) -> Self;
}

macro_rules! totals {
    ($($t:ty: $zero:expr, $one:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Total<$t> for $t {
            #[track_caller]
            fn sum(iterator: impl Iterator<Item = $t>) -> $t {
                let mut all = $zero;
                for x in iterator {
                    assert(Fits::add(all, x), "add");
                    all += x;
                }
                all
            }
            #[track_caller]
            fn product(iterator: impl Iterator<Item = $t>) -> $t {
                let mut all = $one;
                for x in iterator {
                    assert(Fits::mul(all, x), "multiply");
                    all *= x;
                }
                all
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'a> Total<&'a $t> for $t {
            #[track_caller]
            fn sum(iterator: impl Iterator<Item = &'a $t>) -> $t { Total::sum(iterator.copied()) }
            #[track_caller]
            fn product(iterator: impl Iterator<Item = &'a $t>) -> $t { Total::product(iterator.copied()) }
        }
    )*};
}

// The float's zero is std's: the sum of nothing is -0.
totals! {
    u8: 0, 1; u16: 0, 1; u32: 0, 1; u64: 0, 1; u128: 0, 1; usize: 0, 1;
    i8: 0, 1; i16: 0, 1; i32: 0, 1; i64: 0, 1; i128: 0, 1; isize: 0, 1;
    f32: -0.0, 1.0; f64: -0.0, 1.0;
}

#[diagnostic::do_not_recommend]
impl Total<std::time::Duration> for std::time::Duration {
    fn sum(iterator: impl Iterator<Item = Self>) -> Self {
        iterator.sum()
    }
    fn product(_: impl Iterator<Item = Self>) -> Self {
        unreachable!("durations have no product")
    }
}

#[diagnostic::do_not_recommend]
impl<T: Total<A>, A> Total<Option<A>> for Option<T> {
    #[track_caller]
    fn sum(mut iterator: impl Iterator<Item = Option<A>>) -> Option<T> {
        let mut whole = true;
        let all = T::sum(std::iter::from_fn(|| next(iterator.next(), &mut whole)));
        whole.then_some(all)
    }
    #[track_caller]
    fn product(mut iterator: impl Iterator<Item = Option<A>>) -> Option<T> {
        let mut whole = true;
        let all = T::product(std::iter::from_fn(|| next(iterator.next(), &mut whole)));
        whole.then_some(all)
    }
}

/// The next number, if there is one; notes that one was missing.
fn next<A>(x: Option<Option<A>>, whole: &mut bool) -> Option<A> {
    if x.as_ref().is_some_and(Option::is_none) {
        *whole = false;
    }
    x.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panics(f: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(f).is_err()
    }

    #[test]
    fn integers_overflow_and_nothing_else_does() {
        assert!(panics(|| Operands(&3usize, &4usize).sub()));
        assert!(!panics(|| Operands(&4usize, &&4usize).sub()));
        assert!(panics(|| Operands(&i32::MAX, &1).add()));
        assert!(panics(|| Operands(&i32::MIN, &()).neg()));
        assert!(panics(|| Operands(&1u8, &8usize).shl()));
        assert!(!panics(|| Operands(&1u8, &7i64).shl()));
        assert!(panics(|| Operands(&10i32, &10u32).pow()));
        assert!(!panics(|| (&Operands(&"a", &"b")).add()));
        assert!(!panics(|| Operands(&f32::MAX, &f32::MAX).mul()));
    }

    #[test]
    fn sums_overflow_in_every_profile() {
        assert!(panics(|| {
            <u8 as Total<_>>::sum([200u8, 100].into_iter());
        }));
        assert_eq!(<usize as Total<_>>::sum([1, 2, 3].iter()), 6);
        assert_eq!(<f32 as Total<_>>::product([2.0, 3.0].iter()), 6.0);
        assert_eq!(<Option<i32> as Total<_>>::sum([Some(1), None].into_iter()), None);
        assert_eq!(<Option<i32> as Total<_>>::product([Some(2), Some(3)].into_iter()), Some(6));
    }
}
