//! What operations make of constants: folding, and operands that change nothing.
//!
//! Both hold exactly, for every operand: NaN, both zeros and both infinities included.

use super::{Lit, Op, class};
use crate::types::DType;
use std::ops::{Add, Div, Mul, Neg, Sub};

impl Op {
    /// The value of the operation on scalar constants of type `dtype`, and its type: what the executors make of these
    /// numbers. `None` where constants are not folded: what is no arithmetic, and what executors round differently.
    ///
    /// ```
    /// use thunder_core::op::{Lit, Op};
    /// use thunder_core::types::DType;
    /// let sum = Op::Add.fold(DType::F32, &[Lit::F(16777216.0), Lit::F(1.0)]);
    /// assert_eq!(sum, Some((Lit::F(16777216.0), DType::F32)));
    /// ```
    pub fn fold(&self, dtype: DType, args: &[Lit]) -> Option<(Lit, DType)> {
        let folded = match self {
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Neg => match *args {
                [Lit::F(x)] => Lit::F(rounded(self, dtype, x, 0.0)?),
                [Lit::F(x), Lit::F(y)] => Lit::F(rounded(self, dtype, x, y)?),
                _ => return None,
            },
            class!(Op, Compare) => match *args {
                [Lit::F(x), Lit::F(y)] => Lit::B(compare(self, dtype.nearest(x), dtype.nearest(y))?),
                [Lit::I(x), Lit::I(y)] => Lit::B(compare(self, x, y)?),
                _ => return None,
            },
            Op::Abs | Op::Sign | Op::Square => return None,
            Op::Rem | Op::Pow | Op::Atan2 | Op::Maximum | Op::Minimum => return None,
            class!(Op, Creation) | class!(Op, UnaryFloat) | class!(Op, Test) => return None,
            class!(Op, UnaryLogic) | class!(Op, BinaryLogic) | class!(Op, Elementwise) => return None,
            class!(Op, Reduce) | class!(Op, Along) | class!(Op, View) | class!(Op, Movement) => return None,
            class!(Op, Index) | class!(Op, Lookup) | class!(Op, Contract) => return None,
            class!(Op, Key) | class!(Op, Draw) | class!(Op, Identity) | class!(Op, Effect) => return None,
            class!(Op, Custom)
            | class!(Op, CompositeUnary)
            | class!(Op, CompositeReduce)
            | class!(Op, CompositeAlong)
            | class!(Op, Composite) => return None,
        };
        let dtype = if matches!(folded, Lit::B(_)) { DType::Bool } else { dtype };
        Some((folded, dtype))
    }

    /// Whether the constant `value` as operand `i` of two gives the other operand, whatever that is.
    ///
    /// ```
    /// use thunder_core::op::{Lit, Op};
    /// assert!(Op::Add.is_neutral(1, Lit::F(-0.0)));
    /// // -0 + 0 is 0.
    /// assert!(!Op::Add.is_neutral(1, Lit::F(0.0)));
    /// ```
    pub fn is_neutral(&self, i: usize, value: Lit) -> bool {
        match self {
            Op::Add => matches!(value, Lit::I(0)) || value.is_exactly(-0.0),
            Op::Sub => i == 1 && value.is_exactly(0.0),
            Op::Mul => value.is_exactly(1.0),
            Op::Div | Op::Pow => i == 1 && value.is_exactly(1.0),
            Op::And => matches!(value, Lit::B(true)),
            Op::Or => matches!(value, Lit::B(false)),
            Op::Rem | Op::Atan2 | Op::Maximum | Op::Minimum | Op::Xor => false,
            class!(Op, Creation) | class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) => false,
            class!(Op, UnaryLogic) | class!(Op, Compare) | class!(Op, Elementwise) => false,
            class!(Op, Reduce) | class!(Op, Along) | class!(Op, View) | class!(Op, Movement) => false,
            class!(Op, Index) | class!(Op, Lookup) | class!(Op, Contract) => false,
            class!(Op, Key) | class!(Op, Draw) | class!(Op, Identity) | class!(Op, Effect) => false,
            class!(Op, Custom)
            | class!(Op, CompositeUnary)
            | class!(Op, CompositeReduce)
            | class!(Op, CompositeAlong)
            | class!(Op, Composite) => false,
        }
    }
}

impl Lit {
    /// Whether it is the number `x`: by its bits for a float, so that -0 is not 0.
    pub fn is_exactly(self, x: f64) -> bool {
        match self {
            Lit::F(c) => c.to_bits() == x.to_bits(),
            Lit::I(i) => x.is_sign_positive() && i as f64 == x,
            Lit::B(_) | Lit::Free => false,
        }
    }
}

/// What the executors make of these floats: rounded to their type, computed in the one that arithmetic runs in, and
/// rounded again.
fn rounded(op: &Op, dtype: DType, x: f64, y: f64) -> Option<f64> {
    let (x, y) = (dtype.nearest(x), dtype.nearest(y));
    let z = match dtype.compute() {
        DType::F64 => arithmetic(op, x, y)?,
        _ => f64::from(arithmetic(op, x as f32, y as f32)?),
    };
    Some(dtype.nearest(z))
}

fn arithmetic<T>(op: &Op, x: T, y: T) -> Option<T>
where
    T: Add<Output = T> + Sub<Output = T> + Mul<Output = T> + Div<Output = T> + Neg<Output = T>,
{
    Some(match op {
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => x / y,
        Op::Neg => -x,
        _ => return None,
    })
}

fn compare<T: PartialOrd>(op: &Op, x: T, y: T) -> Option<bool> {
    Some(match op {
        Op::Eq => x == y,
        Op::Ne => x != y,
        Op::Lt => x < y,
        Op::Le => x <= y,
        Op::Gt => x > y,
        Op::Ge => x >= y,
        _ => return None,
    })
}
