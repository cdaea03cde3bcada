//! Comparisons of a tensor with an integer outside the range of its element type.

use crate::op::{Lit, Op, Unfit};
use crate::types::DType;

/// For a comparison `op` with `lit`, an integer outside the range of `dtype`: the comparison with an end of the range that
/// has the same result for every element. For an i64 tensor, `x < 2^64 - 1` becomes `x <= i64::MAX`, which is always true.
/// `None` in all other cases.
pub(crate) fn saturate(op: Op, lit: Lit, dtype: DType, number_first: bool) -> Option<(Op, Lit)> {
    let (least, greatest) = dtype.int_range()?;
    // Whether the comparison holds for elements that are below the number, above it, or different from it.
    let (below, above, other) = match (op, number_first) {
        (Op::Lt | Op::Le, false) | (Op::Gt | Op::Ge, true) => (true, false, false),
        (Op::Gt | Op::Ge, false) | (Op::Lt | Op::Le, true) => (false, true, false),
        (Op::Eq, _) => (false, false, false),
        (Op::Ne, _) => (false, false, true),
        _ => return None,
    };
    let (end, holds, highest) = match lit.element(dtype) {
        Err(Unfit::Above) => (greatest, below || other, true),
        Err(Unfit::Below) => (least, above || other, false),
        _ => return None,
    };
    // No element is beyond the end: `x <= greatest` is always true, and `x > greatest` is always false.
    let op = match (holds, highest != number_first) {
        (true, true) => Op::Le,
        (true, false) => Op::Ge,
        (false, true) => Op::Gt,
        (false, false) => Op::Lt,
    };
    Some((op, Lit::I(end)))
}

/// Whether [`saturate`] turns a comparison `op` with `want` into `linked` with the constant `number`. `want` may be a number
/// that is known only when linking.
pub(crate) fn is_saturated(
    op: Op,
    want: Lit,
    linked: Op,
    number: Lit,
    dtype: DType,
    number_first: bool,
) -> bool {
    let Some((least, greatest)) = dtype.int_range() else { return false };
    let outside = match want {
        Lit::Free => vec![Lit::I(least - 1), Lit::I(greatest + 1)],
        known => vec![known],
    };
    outside.into_iter().any(|lit| saturate(op, lit, dtype, number_first) == Some((linked, number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(op: Op, a: i128, b: i128) -> bool {
        match op {
            Op::Eq => a == b,
            Op::Ne => a != b,
            Op::Lt => a < b,
            Op::Le => a <= b,
            Op::Gt => a > b,
            _ => a >= b,
        }
    }

    #[test]
    fn every_comparison_says_the_same_of_every_u8() {
        for op in [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge] {
            for outside in [-1, -1000, 256, i128::from(u64::MAX)] {
                for first in [false, true] {
                    let (other, Lit::I(end)) =
                        saturate(op, Lit::I(outside), DType::U8, first).expect("it lies outside")
                    else {
                        panic!("an integer")
                    };
                    for x in 0..=255 {
                        let want = if first { holds(op, outside, x) } else { holds(op, x, outside) };
                        let got = if first { holds(other, end, x) } else { holds(other, x, end) };
                        assert_eq!(got, want, "{op:?} {outside} first: {first}, x = {x}");
                    }
                    assert!(is_saturated(op, Lit::Free, other, Lit::I(end), DType::U8, first));
                }
            }
            assert_eq!(saturate(op, Lit::I(255), DType::U8, false), None);
            assert_eq!(saturate(op, Lit::I(300), DType::F32, false), None);
        }
        assert_eq!(saturate(Op::Add, Lit::I(300), DType::U8, false), None);
    }
}
