//! Simplification is exact: every rule is checked bit by bit on NaN, both zeros, both infinities and the ends of each type.

use crate::common::*;
use crate::device;
use crate::operations::run;
use thunder_core::op::{Flag, Lit, Op};
use thunder_core::trace::{Builder, Kind, Trace, Value};
use thunder_core::transform::{dce, fuse, simplify};
use thunder_core::types::{Axes, Axis, DType, Elem, Shape, Ty};
use thunder_oracle::{Array, Rounding, eval_with};

/// Values at which a wrong rewrite shows.
fn specials(dtype: DType) -> Vec<f64> {
    let floats = |greatest: f64, least: f64| {
        let list = [0.0, 1.0, 1.5, 3.0, 0.1, greatest, least, f64::INFINITY];
        list.iter().flat_map(|&x| [x, -x]).chain([f64::NAN]).collect()
    };
    match dtype {
        DType::F64 => floats(f64::MAX, 5e-324),
        DType::F32 => floats(f64::from(f32::MAX), 1e-45),
        DType::BF16 => floats(3e38, 1e-40),
        DType::F16 => floats(65504.0, 6e-8),
        DType::I64 => vec![0.0, 1.0, -1.0, 3.0, 2f64.powi(52), -2f64.powi(63)],
        DType::I32 => vec![0.0, 1.0, -1.0, 3.0, 2147483647.0, -2147483648.0],
        DType::U32 => vec![0.0, 1.0, 3.0, 4294967295.0],
        DType::U8 => vec![0.0, 1.0, 3.0, 255.0],
        DType::Bool => vec![0.0, 1.0],
    }
}

/// A rule: an expression of a parameter `(1, n)`, and whether simplification may change it.
struct Rule {
    name: &'static str,
    on: &'static [DType],
    fires: bool,
    write: fn(&mut Builder, Value) -> Value,
}

const FLOATS: &[DType] = &[DType::F64, DType::F32, DType::BF16, DType::F16];
const INTS: &[DType] = &[DType::I64, DType::I32, DType::U32, DType::U8];
const SIGNED: &[DType] = &[DType::F64, DType::F32, DType::BF16, DType::F16, DType::I64, DType::I32];
const NUMBERS: &[DType] =
    &[DType::F64, DType::F32, DType::BF16, DType::F16, DType::I64, DType::I32, DType::U32, DType::U8];
const NARROW: &[DType] =
    &[DType::F64, DType::F32, DType::BF16, DType::F16, DType::I32, DType::U32, DType::U8];
const NOT: &[DType] = &[DType::Bool, DType::I64, DType::I32, DType::U32, DType::U8];

fn by(b: &mut Builder, op: Op, x: Value, c: f64, first: bool) -> Value {
    let c = b.scalar_like(x, c);
    b.op(op, &if first { [c, x] } else { [x, c] })
}

fn cast(b: &mut Builder, x: Value, to: DType) -> Value {
    b.op(Op::Cast { elem: Elem::Known(to) }, &[x])
}

fn rules() -> Vec<Rule> {
    let rule = |name, on, fires, write| Rule { name, on, fires, write };
    vec![
        rule("x + 0", FLOATS, false, |b, x| by(b, Op::Add, x, 0.0, false)),
        rule("0 + x", FLOATS, false, |b, x| by(b, Op::Add, x, 0.0, true)),
        rule("x + 0", INTS, true, |b, x| by(b, Op::Add, x, 0.0, false)),
        rule("x + -0", FLOATS, true, |b, x| by(b, Op::Add, x, -0.0, false)),
        rule("-0 + x", FLOATS, true, |b, x| by(b, Op::Add, x, -0.0, true)),
        rule("x - 0", NUMBERS, true, |b, x| by(b, Op::Sub, x, 0.0, false)),
        rule("x - -0", FLOATS, false, |b, x| by(b, Op::Sub, x, -0.0, false)),
        rule("0 - x", FLOATS, false, |b, x| by(b, Op::Sub, x, 0.0, true)),
        rule("x * 1", NUMBERS, true, |b, x| by(b, Op::Mul, x, 1.0, false)),
        rule("1 * x", NUMBERS, true, |b, x| by(b, Op::Mul, x, 1.0, true)),
        rule("x * 0", FLOATS, false, |b, x| by(b, Op::Mul, x, 0.0, false)),
        rule("x / 1", NUMBERS, true, |b, x| by(b, Op::Div, x, 1.0, false)),
        rule("1 / x", NUMBERS, false, |b, x| by(b, Op::Div, x, 1.0, true)),
        rule("x^1", NUMBERS, true, |b, x| by(b, Op::Pow, x, 1.0, false)),
        rule("x^2", NUMBERS, true, |b, x| by(b, Op::Pow, x, 2.0, false)),
        rule("x^0", FLOATS, false, |b, x| by(b, Op::Pow, x, 0.0, false)),
        rule("x - x", FLOATS, false, |b, x| b.sub(x, x)),
        rule("x / x", FLOATS, false, |b, x| b.div(x, x)),
        rule("-(-x)", SIGNED, true, |b, x| {
            let y = b.neg(x);
            b.neg(y)
        }),
        rule("!!x", NOT, true, |b, x| {
            let y = b.op(Op::Not, &[x]);
            b.op(Op::Not, &[y])
        }),
        rule("a cast to its own type", NUMBERS, true, |b, x| {
            let own = b.ty(x).dtype();
            cast(b, x, own)
        }),
        rule("f64 there and back", &[DType::I64], false, |b, x| {
            let y = cast(b, x, DType::F64);
            cast(b, y, DType::I64)
        }),
        rule("f64 there and back", NARROW, true, |b, x| {
            let own = b.ty(x).dtype();
            let y = cast(b, x, DType::F64);
            let y = b.permute(y, &[1, 0]);
            cast(b, y, own)
        }),
        rule("f32 there and back", &[DType::BF16, DType::F16], true, |b, x| {
            let own = b.ty(x).dtype();
            let y = cast(b, x, DType::F32);
            cast(b, y, own)
        }),
        rule("bf16 there and back", &[DType::F64, DType::F32, DType::F16, DType::I32], false, |b, x| {
            let own = b.ty(x).dtype();
            let y = cast(b, x, DType::BF16);
            cast(b, y, own)
        }),
        rule("f32 there and back", &[DType::I32, DType::U32], false, |b, x| {
            let own = b.ty(x).dtype();
            let y = cast(b, x, DType::F32);
            cast(b, y, own)
        }),
        rule("a sum over a dimension of 1", NUMBERS, true, |b, x| b.sum(x, &[0], false)),
        rule("a reshape of a reshape", NUMBERS, true, |b, x| {
            let n = b.ty(x).sizes()[1];
            let y = b.reshape(x, Shape::of(&[n]));
            b.reshape(y, Shape::of(&[n, 1]))
        }),
        rule("an expand of an expand", NUMBERS, true, |b, x| {
            let n = b.ty(x).sizes()[1];
            let y = b.expand(x, Shape::of(&[3, n]));
            b.expand(y, Shape::of(&[2, 3, n]))
        }),
        rule("a permute of a permute", NUMBERS, true, |b, x| {
            let y = b.permute(x, &[1, 0]);
            b.op(Op::Permute { axes: Axes::new(&[1, 0]) }, &[y])
        }),
        rule("a slice of everything", NUMBERS, true, |b, x| {
            let n = b.ty(x).sizes()[1];
            b.op(Op::Slice { start: Shape::of(&[0, 0]), end: Shape::of(&[1, n]) }, &[x])
        }),
        rule("a pad of nothing", FLOATS, true, |b, x| {
            b.op(Op::Pad { lo: Shape::of(&[0, 0]), hi: Shape::of(&[0, 0]), value: Lit::F(1.0) }, &[x])
        }),
        rule("one part of a concatenation", NUMBERS, true, |b, x| b.op(Op::Cat { axis: Axis(0) }, &[x])),
        rule("stop_gradient", NUMBERS, true, |b, x| b.op(Op::StopGradient, &[x])),
        rule("mask & true", NUMBERS, true, |b, x| {
            let (mask, yes) = (b.eq(x, x), b.full(Lit::B(true), DType::Bool, Shape::SCALAR));
            b.and(mask, yes)
        }),
        rule("mask & false", NUMBERS, true, |b, x| {
            let (mask, no) = (b.eq(x, x), b.full(Lit::B(false), DType::Bool, Shape::SCALAR));
            b.and(no, mask)
        }),
        rule("mask | true", NUMBERS, true, |b, x| {
            let (mask, yes) = (b.eq(x, x), b.full(Lit::B(true), DType::Bool, Shape::SCALAR));
            b.op(Op::Or, &[mask, yes])
        }),
        rule("a choice that is made", NUMBERS, true, |b, x| {
            let (no, one) = (b.full(Lit::B(false), DType::Bool, Shape::SCALAR), b.scalar_like(x, 1.0));
            b.select(no, one, x)
        }),
        rule("x == x", FLOATS, false, |b, x| b.eq(x, x)),
    ]
}

fn operations(trace: &Trace) -> Vec<Op> {
    let list = trace.insts(&trace.body).map(|i| match i.kind {
        Kind::Op(op) => op,
        _ => panic!("an operation"),
    });
    list.collect()
}

/// The bits of each element, where all NaN are equal.
fn bits(list: &[Array]) -> Vec<(Vec<usize>, Vec<u64>)> {
    let one = |x: &f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    list.iter().map(|a| (a.shape.clone(), a.data.iter().map(one).collect())).collect()
}

#[test]
fn every_rewrite_is_exact() {
    for rule in rules() {
        for &dtype in rule.on {
            let data = specials(dtype);
            let ty = Ty::of(dtype, &[1, data.len()]);
            let x = Array::new(dtype, &[1, data.len()], data).rounded();
            let trace = build(&[ty], |b, p| vec![(rule.write)(b, p[0])]);
            let simple = checked(rule.name, dce::run(simplify::run(trace.clone())));
            let what = format!("{} of {dtype}\n{trace}\n{simple}", rule.name);
            assert_eq!(operations(&trace) != operations(&simple), rule.fires, "{what}");
            let inputs = [x];
            // A device's power function may have an error of one ulp where the rewrite is exact, so the oracle is the reference.
            let want = match dtype.is_float() && operations(&trace).contains(&Op::Pow) {
                true => eval_with(&trace, &inputs, Rounding::Each),
                false => run(&trace, &inputs, false),
            };
            assert_eq!(bits(&run(&simple, &inputs, false)), bits(&want), "simplified: {what}");
            let (fused, _) = fuse::run(&simple, &device().target());
            assert_eq!(bits(&run(&fused, &inputs, false)), bits(&want), "simplified and fused: {what}");
        }
    }
}

/// Constants fold to the same values as when the operations run.
#[test]
fn constants_fold_in_their_type() {
    for dtype in [DType::F64, DType::F32, DType::BF16, DType::F16] {
        let list = [specials(dtype), vec![2f64.powi(24), 3e38, 1.0 / 3.0]].concat();
        for op in [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Lt, Op::Ge, Op::Eq, Op::Ne] {
            let constants: Vec<(f64, f64)> =
                list.iter().flat_map(|&x| list.iter().map(move |&y| (x, y))).collect();
            let folded = build(&[], |b, _| {
                let fold = |b: &mut Builder, (x, y): (f64, f64)| {
                    let (x, y) = (b.scalar(dtype, x), b.scalar(dtype, y));
                    b.op(op, &[x, y])
                };
                constants.iter().map(|&c| fold(b, c)).collect()
            });
            let simple = dce::run(simplify::run(folded.clone()));
            assert!(
                operations(&simple).iter().all(|op| matches!(op, Op::Full { .. })),
                "everything folds\n{simple}"
            );
            let n = constants.len();
            let column = |f: fn(&(f64, f64)) -> f64| {
                Array::new(dtype, &[n], constants.iter().map(f).collect()).rounded()
            };
            let (x, y) = (column(|c| c.0), column(|c| c.1));
            let ran = build(&[Ty::of(dtype, &[n]); 2], |b, p| vec![b.op(op, p)]);
            let want = &bits(&run(&ran, &[x, y], false))[0].1;
            let got: Vec<u64> =
                bits(&eval_with(&simple, &[], Rounding::Each)).into_iter().map(|(_, b)| b[0]).collect();
            assert_eq!(&got, want, "{op:?} of {dtype}");
        }
    }
}

/// A constant is rounded to its own type before it is converted.
#[test]
fn a_converted_constant_is_the_one_that_was_rounded() {
    for (from, to) in [
        (DType::F32, DType::F64),
        (DType::BF16, DType::F32),
        (DType::F16, DType::F64),
        (DType::F64, DType::BF16),
        (DType::F64, DType::F16),
    ] {
        for x in [0.1, 1.0 / 3.0, 1e-3, 2049.000001, 1.0 + 2f64.powi(-8) + 2f64.powi(-40)] {
            let trace = build(&[], |b, _| {
                let c = b.scalar(from, x);
                vec![cast(b, c, to)]
            });
            let simple = dce::run(simplify::run(trace.clone()));
            assert_eq!(operations(&simple).len(), 1, "{simple}");
            let want = eval_with(&trace, &[], Rounding::Each);
            assert_eq!(eval_with(&simple, &[], Rounding::Each), want, "{x} from {from} to {to}");
            assert_eq!(bits(&run(&simple, &[], false)), bits(&want), "{x} from {from} to {to}");
        }
    }
}

/// The results of a sum over a dimension of extent 1 do not depend on fusion.
#[test]
fn a_sum_of_one_zero_is_zero() {
    let _ = device();
    let x = Array::new(DType::F32, &[1, 3], vec![-0.0, 0.0, -1.0]);
    let axes = Axes::new(&[0]);
    let trace =
        build(&[Ty::of(DType::F32, &[1, 3])], |b, p| vec![b.op(Op::Sum { axes, keepdim: Flag::No }, p)]);
    for t in [&trace, &simplify::run(trace.clone()), &fuse::run(&trace, &device().target()).0] {
        assert_eq!(
            bits(&run(t, std::slice::from_ref(&x), false))[0].1,
            [0.0, 0.0, -1.0].map(f64::to_bits),
            "{t}"
        );
    }
}
