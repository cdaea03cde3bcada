//! Edge cases of numbers, through the language: constants, conversions, derivatives, tails, options.

use thunder::prelude::*;

type Row<E> = Tensor<E, (usize,)>;

fn row<E: thunder_core::types::Element>(list: &[E]) -> Row<E> {
    crate::device();
    Tensor::from_vec(list.to_vec(), (list.len(),))
}

/// Equal bits, where all NaN are equal.
#[track_caller]
fn same(got: &[f32], want: &[f32]) {
    let bits = |list: &[f32]| -> Vec<u32> {
        list.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
    };
    assert_eq!(bits(got), bits(want), "got {got:?}, expected {want:?}");
}

/// To a relative error.
#[track_caller]
fn near(got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (&g, &w) in got.iter().zip(want) {
        let g = f64::from(g);
        let fine = g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() <= tolerance * w.abs();
        assert!(fine, "got {got:?}, expected {want:?}");
    }
}

const BIG: i64 = 9_007_199_254_740_993; // 2^53 + 1: no f64.

#[thunder]
fn big_numbers(x: &Tensor<i64, (N,)>) -> [Tensor<i64, (_,)>; 6] {
    let mask = x.gt(0);
    [
        full((2,), 9007199254740993),
        x.clamp(9007199254740993, 9007199254740995),
        x.pad(((0, 1),), 9007199254740993),
        x.masked_fill(&mask, 9007199254740993),
        x + 9007199254740993,
        select(&mask, x, 9007199254740993),
    ]
}

#[thunder]
fn given_number(x: &Tensor<i64, (N,)>, k: i64) -> (Tensor<i64, (N,)>, Tensor<bool, (N,)>, Tensor<i64, (_,)>) {
    (x.clamp(k, k + 2), x.eq(k), full((1,), k))
}

#[test]
fn integers_are_exact() {
    let x = row(&[0i64, 1]);
    let all = big_numbers(&x).map(|t| t.to_vec());
    assert_eq!(all[0], [BIG, BIG]);
    assert_eq!(all[1], [BIG, BIG]);
    assert_eq!(all[2], [0, 1, BIG]);
    assert_eq!(all[3], [0, BIG]);
    assert_eq!(all[4], [BIG, BIG + 1]);
    assert_eq!(all[5], [BIG, 1]);
    let (y, equal, full) = given_number(&row(&[BIG - 1, BIG, i64::MAX]), BIG);
    assert_eq!((y.to_vec(), equal.to_vec()), (vec![BIG, BIG, BIG + 2], vec![false, true, false]));
    assert_eq!(full.to_vec(), [BIG]);
}

#[thunder]
fn ignoring(x: &Tensor<f32, (B, C)>, t: &Tensor<i64, (B,)>, ignore: Option<i64>) -> Scalar<f32> {
    cross_entropy(
        x,
        t,
        CrossEntropy { ignore_index: ignore, reduction: Reduction::Sum, ..Default::default() },
    )
}

#[test]
fn an_index_is_ignored_only_if_it_is_asked_for() {
    crate::device();
    let x = Tensor::<f32, _>::zeros((2, 2));
    let loss = |t: [i64; 2], ignore| ignoring(&x, &row(&t), ignore).item();
    let ln2 = std::f32::consts::LN_2;
    near(&[loss([0, i64::MIN], Some(i64::MIN))], &[ln2.into()], 1e-6);
    assert!(loss([0, i64::MIN], None).is_nan(), "no class, and nobody ignores it");
    assert!(loss([0, BIG - 1], Some(BIG)).is_nan());
    near(&[loss([0, BIG], Some(BIG))], &[ln2.into()], 1e-6);
}

#[thunder]
fn compared(
    x: &Tensor<i64, (N,)>,
    y: &Tensor<u8, (M,)>,
) -> ([Tensor<bool, (N,)>; 3], [Tensor<bool, (M,)>; 8]) {
    (
        [x.lt(u64::MAX), x.ge(u64::MAX), x.eq(9223372036854775808u64)],
        [y < 256, y.le(-1), y.ne(300), y.eq(-5), 256 > y, -1 > y, y.gt(-1), y < 255],
    )
}

#[thunder]
fn compared_with<E: Num>(x: &Tensor<E, (N,)>, k: i64) -> [Tensor<bool, (N,)>; 3] {
    [x.lt(k), x.ne(k), x >= k]
}

#[test]
fn numbers_outside_of_a_type_compare_as_they_are() {
    let (wide, narrow) = compared(&row(&[i64::MIN, 0, i64::MAX]), &row(&[0u8, 255]));
    let all = |b: bool| vec![b; 3];
    assert_eq!(wide.map(|t| t.to_vec()), [all(true), all(false), all(false)]);
    let (yes, no) = (vec![true; 2], vec![false; 2]);
    let want = [yes.clone(), no.clone(), yes.clone(), no.clone(), yes.clone(), no, yes, vec![true, false]];
    assert_eq!(narrow.map(|t| t.to_vec()), want);
    let [lt, ne, ge] = compared_with(&row(&[0u32, u32::MAX]), 1 << 40).map(|t| t.to_vec());
    assert_eq!((lt, ne, ge), (vec![true; 2], vec![true; 2], vec![false; 2]));
    let [lt, ne, ge] = compared_with(&row(&[i32::MIN, i32::MAX]), i64::MIN).map(|t| t.to_vec());
    assert_eq!((lt, ne, ge), (vec![false; 2], vec![true; 2], vec![true; 2]));
}

#[thunder]
fn filled(x: f32) -> Tensor<i32, (_,)> {
    full((2,), x)
}

#[thunder]
fn added(x: &Tensor<u8, (N,)>, k: i64) -> Tensor<u8, (N,)> {
    x + k
}

#[thunder]
fn counted(n: usize) -> Tensor<u8, (_,)> {
    arange(n)
}

#[test]
fn what_is_no_element_is_refused_in_its_own_words() {
    crate::device();
    assert_eq!(filled(2.0).to_vec(), [2, 2]);
    let e = filled::call(1.5).expect_err("a fraction").to_string();
    assert!(e.contains("`full`: 1.5 is no value of i32, which holds whole numbers"), "{e}");
    let e = added::call(&row(&[1u8]), 300).expect_err("out of range").to_string();
    assert!(e.contains("`add`: 300 is no value of u8, which holds 0 to 255"), "{e}");
    assert_eq!(counted(256).to_vec()[255], 255);
    let e = counted::call(257).expect_err("out of range").to_string();
    assert!(e.contains("0 to 256 are no values of u8"), "{e}");
}

#[thunder]
fn float_numbers(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<bf16, (N,)>) {
    (x + 1152921573326323713, x.cast::<bf16>() + 269484033)
}

#[test]
fn integers_beside_floats_round_once() {
    let (a, b) = float_numbers(&row(&[0.0f32]));
    // 2^60 + 2^36 + 1: just above the middle of two f32; through f64 it would be the middle.
    same(&a.to_vec(), &[(1u64 << 60) as f32 + (1u64 << 37) as f32]);
    assert_eq!(b.to_vec()[0].to_f64(), 270532608.0);
}

/// The multiple of a power of two with `digits` binary digits that is nearest to `i`, ties to even.
fn nearest(i: i64, digits: u32) -> f64 {
    let a = i128::from(i).unsigned_abs();
    let drop = (128 - a.leading_zeros()).saturating_sub(digits);
    let (mut q, rest, half) =
        (a >> drop, a & ((1 << drop) - 1), if drop == 0 { 0 } else { 1u128 << (drop - 1) });
    if drop > 0 && (rest > half || (rest == half && q % 2 == 1)) {
        q += 1;
    }
    let x = q as f64 * 2f64.powi(drop as i32);
    if i < 0 { -x } else { x }
}

#[thunder]
fn narrowed<E: Num>(x: &Tensor<E, (N,)>) -> (Tensor<bf16, (N,)>, Tensor<f16, (N,)>, Tensor<f32, (N,)>) {
    (x.cast::<bf16>(), x.cast::<f16>(), x.cast::<f32>())
}

#[test]
fn casts_round_once() {
    // Around the middle of two neighbours, at every magnitude.
    let mut list = vec![0, 1, -1, 269484033, i64::MAX, i64::MIN, i64::MAX - 511];
    for digits in [8u32, 11, 24] {
        for p in digits..63 {
            let (one, half) = (1i64 << p, 1i64 << (p - digits));
            let list_of = [one + half, one + half + 1, one + half - 1, one + 3 * half, one + 3 * half + 1];
            list.extend(list_of.iter().flat_map(|&i| [i, -i]));
        }
    }
    let check = |what: &str, of: &[i64], (b, h, f): (Vec<bf16>, Vec<f16>, Vec<f32>)| {
        for (k, &i) in of.iter().enumerate() {
            assert_eq!(b[k].to_f64(), nearest(i, 8), "{what} {i} to bf16");
            let half = nearest(i, 11);
            let half = if half.abs() > 65504.0 { f64::INFINITY.copysign(half) } else { half };
            assert_eq!(h[k].to_f64(), half, "{what} {i} to f16");
            assert_eq!(f64::from(f[k]), nearest(i, 24), "{what} {i} to f32");
        }
    };
    let vecs = |(b, h, f): (Row<bf16>, Row<f16>, Row<f32>)| (b.to_vec(), h.to_vec(), f.to_vec());
    check("i64", &list, vecs(narrowed(&row(&list))));
    let small: Vec<i64> = list.iter().copied().filter(|&i| i32::try_from(i).is_ok()).collect();
    let typed: Vec<i32> = small.iter().map(|&i| i as i32).collect();
    check("i32", &small, vecs(narrowed(&row(&typed))));
    let small: Vec<i64> = list.iter().copied().filter(|&i| u32::try_from(i).is_ok()).collect();
    let typed: Vec<u32> = small.iter().map(|&i| i as u32).collect();
    check("u32", &small, vecs(narrowed(&row(&typed))));
    let small: Vec<i64> = (0..256).collect();
    let typed: Vec<u8> = small.iter().map(|&i| i as u8).collect();
    check("u8", &small, vecs(narrowed(&row(&typed))));
    // f64: a bit far below the last one breaks the tie; the oracle rounds from bits.
    let mut floats = vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, 5e-324, 1e-50];
    for digits in [8, 11, 24] {
        for p in [-149, -140, -133, -126, -24, -20, -14, -1, 0, 3, 15, 100, 127] {
            let (one, half) = (2f64.powi(p), 2f64.powi(p - digits));
            for x in [one + half, one + 3.0 * half, half, 3.0 * half] {
                floats.extend([x, -x, x * (1.0 + 2f64.powi(-52)), x * (1.0 - 2f64.powi(-52))]);
            }
        }
    }
    let (b, h, f) = vecs(narrowed(&row(&floats)));
    use thunder_core::types::DType;
    for (k, &x) in floats.iter().enumerate() {
        let alike = |got: f64, to: DType| {
            let want = thunder_oracle::round(to, x);
            assert!(
                got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(),
                "{x:e} to {to}: {got:e}, not {want:e}"
            );
        };
        alike(b[k].to_f64(), DType::BF16);
        alike(h[k].to_f64(), DType::F16);
        alike(f[k].into(), DType::F32);
    }
}

#[thunder]
fn kept_zero(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    ((x + 0.0).reciprocal(), (x - 0.0).reciprocal())
}

#[thunder]
fn folded(x: &Tensor<f32, (N,)>) -> [Tensor<f32, (N,)>; 2] {
    let big = full::<f32, _>((), 3e38);
    let whole = full::<f32, _>((), 16777216.0);
    [x + ((&big + &big) - &big), x + ((&whole + 1.0) - &whole)]
}

#[test]
fn simplification_keeps_values() {
    let x = row(&[-0.0f32, 0.0]);
    let (plus, minus) = kept_zero(&x);
    same(&plus.to_vec(), &[f32::INFINITY, f32::INFINITY]);
    same(&minus.to_vec(), &[f32::NEG_INFINITY, f32::INFINITY]);
    let [big, whole] = folded(&x).map(|t| t.to_vec());
    same(&big, &[f32::INFINITY; 2]);
    same(&whole, &[0.0, 0.0]);
}

/// `dy/dx` of an elementwise function of one tensor, at each element.
macro_rules! slopes {
    ($($name:ident = |$x:ident| $y:expr;)*) => {$(
        #[thunder]
        fn $name<E: Float>(x: &Tensor<E, (N,)>) -> (Tensor<E, (N,)>, Tensor<E, (N,)>) {
            vjp(x, |$x| $y, &ones::<E, _>((N,)))
        }
    )*};
}

slopes! {
    gelu = |x| x.gelu();
    gelu_tanh = |x| x.gelu_tanh();
    silu = |x| x.silu();
    softplus = |x| x.softplus();
    sigmoid = |x| x.sigmoid();
    tanh = |x| x.tanh();
    erf = |x| x.erf();
    erfc = |x| x.erfc();
    relu = |x| x.relu();
    abs = |x| x.abs();
    clamped = |x| x.clamp(-1.0, 1.0);
    log2 = |x| x.log2();
    rsqrt = |x| x.rsqrt();
}

/// `Φ` and its tail, from the oracle's own error function.
fn gelu_at(x: f64) -> f64 {
    let op = thunder_core::op::Op::Gelu { tanh: thunder_core::op::Flag::No };
    let ty = thunder_core::types::Ty::of(thunder_core::types::DType::F64, &[]);
    let x = thunder_oracle::Array::new(ty.dtype(), &[], vec![x]);
    thunder_oracle::op_result(&op, &[x], ty).data[0]
}

#[test]
fn gelu_has_its_tails() {
    let list =
        [-12.0f32, -10.0, -5.5567, -3.3, -1.0, -1e-3, 0.0, 1e-30, 0.7, 3.0, 12.0, 1e20, 3e38, -2e19, -3e38];
    let (y, dy) = gelu(&row(&list));
    let want: Vec<f64> = list.iter().map(|&x| gelu_at(x.into())).collect();
    near(&y.to_vec(), &want, 3e-5);
    assert!(y.to_vec().iter().zip(&list).all(|(y, x)| *x >= 0.0 || *y <= 0.0), "{y:?}");
    near(&gelu(&row(&[-5.5567f32])).0.to_vec(), &[-7.6e-8], 1e-2);
    let h = 1e-4;
    let slope = |x: f64| match x {
        x if x > 50.0 => 1.0,
        x if x < -50.0 => 0.0,
        x => (gelu_at(x + h) - gelu_at(x - h)) / (2.0 * h),
    };
    let want: Vec<f64> = list.iter().map(|&x| slope(x.into())).collect();
    for (g, w) in dy.to_vec().iter().zip(&want) {
        assert!((f64::from(*g) - w).abs() < 1e-6, "{g} {w}");
    }
    let ends = [f32::INFINITY, f32::NEG_INFINITY, 1e20, -1e20, 2e19, -2e19, f32::NAN];
    let right = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, f32::NAN].map(f64::from);
    for slopes in [gelu(&row(&ends)).1, gelu_tanh(&row(&ends)).1, silu(&row(&ends)).1] {
        near(&slopes.to_vec(), &right, 0.0);
    }
    let ends = [1e200f64, -1e200, f64::INFINITY, f64::NEG_INFINITY];
    for slopes in [gelu(&row(&ends)).1, gelu_tanh(&row(&ends)).1, silu(&row(&ends)).1] {
        assert_eq!(slopes.to_vec().iter().map(|x| x.abs()).collect::<Vec<_>>(), [1.0, 0.0, 1.0, 0.0]);
    }
    // The tanh form keeps its tail: x/2 (1 + tanh u) = x σ(2u).
    let list = [-6.0f64, -4.5, -2.0, 0.5];
    let want = list.map(|x| {
        let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
        x / (1.0 + (-2.0 * u).exp())
    });
    near(&gelu_tanh(&row(&list.map(|x| x as f32))).0.to_vec(), &want, 3e-5);
    for (got, want) in gelu_tanh(&row(&list)).0.to_vec().iter().zip(want) {
        assert!((got - want).abs() <= 1e-13 * want.abs(), "{got} {want}");
    }
}

#[test]
fn erf_stays_within_one() {
    let list: Vec<f32> = (0..40_000).map(|i| i as f32 * 3e-4 - 6.0).chain([3.97, -3.948, 1e30]).collect();
    let (y, dy) = erf(&row(&list));
    assert!(y.to_vec().iter().all(|y| y.abs() <= 1.0));
    assert!(dy.to_vec().iter().all(|d| (0.0..=1.2).contains(d)));
    let (y, _) = erfc(&row(&[9.0f32, 5.0, -5.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]));
    near(&y.to_vec(), &[4.13703174651381e-37, 1.537459794428035e-12, 2.0, 0.0, 2.0, f64::NAN], 2e-6);
    let (y, _) = erfc(&row(&[10.0f64]));
    assert!((y.to_vec()[0] / 2.088487583762545e-45 - 1.0).abs() < 1e-13);
}

#[test]
fn slopes_far_out() {
    let far = [1e38f32, -1e38, f32::INFINITY, f32::NEG_INFINITY];
    near(&softplus(&row(&far)).1.to_vec(), &[1.0, 0.0, 1.0, 0.0], 0.0);
    near(&sigmoid(&row(&far)).1.to_vec(), &[0.0; 4], 0.0);
    near(&tanh(&row(&far)).1.to_vec(), &[0.0; 4], 0.0);
    near(&sigmoid(&row(&[-100.0f32])).0.to_vec(), &[3.783505853677006e-44], 0.05);
    let least = f32::from_bits(1);
    near(
        &log2(&row(&[1e-38f32, least * 100.0])).1.to_vec(),
        &[1e38 / std::f64::consts::LN_2, f64::INFINITY],
        1e-6,
    );
    near(&rsqrt(&row(&[0.0f32, 4.0, f32::INFINITY])).1.to_vec(), &[f64::NEG_INFINITY, -0.0625, 0.0], 1e-6);
}

#[thunder]
fn sign(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.sign()
}

#[test]
fn conventions_at_kinks_are_those_of_pytorch() {
    let x = row(&[-0.0f32, 0.0, f32::NAN, -2.0, 3.0]);
    same(&sign(&x).to_vec(), &[0.0, 0.0, 0.0, -1.0, 1.0]);
    let (y, dy) = relu(&x);
    assert!(y.to_vec()[2].is_nan() && y.to_vec()[0] == 0.0);
    same(&dy.to_vec(), &[0.0, 0.0, 1.0, 0.0, 1.0]);
    let (y, dy) = abs(&x);
    same(&y.to_vec(), &[0.0, 0.0, f32::NAN, 2.0, 3.0]);
    near(&dy.to_vec(), &[0.0, 0.0, 0.0, -1.0, 1.0], 0.0);
    let (y, dy) = clamped(&row(&[-1.0f32, 1.0, f32::NAN, 2.0, 0.5]));
    same(&y.to_vec(), &[-1.0, 1.0, f32::NAN, 1.0, 0.5]);
    same(&dy.to_vec(), &[1.0, 1.0, 0.0, 0.0, 1.0]);
}

/// The derivatives with respect to both operands.
macro_rules! pairs {
    ($($name:ident = |$x:ident, $y:ident| $z:expr;)*) => {$(
        #[thunder]
        fn $name(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>, ct: &Tensor<f32, (N,)>)
            -> (Tensor<f32, (N,)>, (Tensor<f32, (N,)>, Tensor<f32, (N,)>))
        {
            vjp(&(x.clone(), y.clone()), |($x, $y)| $z, ct)
        }
    )*};
}

pairs! {
    div = |x, y| x / y;
    rem = |x, y| x % y;
    pow = |x, y| x.pow(y);
    atan2 = |y, x| y.atan2(x);
    maximum = |x, y| x.maximum(y);
    minimum = |x, y| x.minimum(y);
}

type Pairs = fn(&Row<f32>, &Row<f32>, &Row<f32>) -> (Row<f32>, (Row<f32>, Row<f32>));

fn slopes(f: Pairs, points: &[(f32, f32)]) -> (Vec<f32>, Vec<f32>) {
    let (x, y): (Vec<f32>, Vec<f32>) = points.iter().copied().unzip();
    let (_, (dx, dy)) = f(&row(&x), &row(&y), &row(&vec![1.0; points.len()]));
    (dx.to_vec(), dy.to_vec())
}

#[test]
fn slopes_of_two_operands() {
    // fmod(1, 0.1f32) subtracts 0.1 nine times, though 1 / 0.1f32 rounds to 10.
    let (dx, dy) = slopes(
        |x, y, c| rem(x, y, c),
        &[(1.0, 0.1), (-7.5, 2.0), (7.5, -2.0), (3.0, f32::INFINITY), (6.0, 2.0)],
    );
    near(&dx, &[1.0; 5], 0.0);
    near(&dy, &[-9.0, 3.0, 3.0, 0.0, -3.0], 0.0);

    let (dx, dy) = slopes(
        |x, y, c| pow(x, y, c),
        &[
            (-1.0, 5e9),
            (1e-40, 1e-40),
            (1e30, 1.25),
            (2.0, 3.0),
            (0.0, 2.0),
            (0.0, 0.0),
            (-2.0, 3.0),
            (0.0, 1.0),
            (1e-30, 1.5),
        ],
    );
    near(&dx, &[-5e9, 1.0, 1.25 * 1e30f64.powf(0.25), 12.0, 0.0, 0.0, 12.0, 1.0, 1.5e-15], 1e-4);
    near(&dy[3..6], &[8.0 * std::f64::consts::LN_2, 0.0, 0.0], 1e-5);

    let small = 1e-30f32;
    let (dy, dx) = slopes(
        |y, x, c| atan2(y, x, c),
        &[(small, small), (1e-25, 3e-25), (1e30, 1e30), (3.0, 4.0), (0.0, 2.0), (2.0, 0.0)],
    );
    near(&dy, &[5e29, 3e24, 5e-31, 0.16, 0.5, 0.0], 1e-5);
    near(&dx, &[-5e29, -1e24, -5e-31, -0.12, 0.0, -0.5], 1e-5);
    let (dy, dx) = slopes(|y, x, c| atan2(y, x, c), &[(0.0, 0.0)]);
    assert!(dy[0].is_nan() && dx[0].is_nan(), "as in PyTorch");

    // d(x/y)/dy · ct = -x/y² ct stays in range, though neither x/y² nor 1/y² does.
    let (_, (_, dy)) = div(&row(&[1e38f32, 1e-40]), &row(&[0.5, 1e-39]), &row(&[0.1, 1.0]));
    near(&dy.to_vec(), &[-4e37, -1e38], 1e-4);

    let points = [(1.0, 1.0), (2.0, 1.0), (f32::NAN, 1.0), (1.0, f32::NAN), (-0.0, 0.0)];
    let (dx, dy) = slopes(|x, y, c| maximum(x, y, c), &points);
    near(&dx, &[0.5, 1.0, 1.0, 1.0, 0.5], 0.0);
    near(&dy, &[0.5, 0.0, 1.0, 1.0, 0.5], 0.0);
    let (dx, dy) = slopes(|x, y, c| minimum(x, y, c), &points);
    near(&dx, &[0.5, 0.0, 1.0, 1.0, 0.5], 0.0);
    near(&dy, &[0.5, 1.0, 1.0, 1.0, 0.5], 0.0);
    let (z, _) = maximum(&row(&[f32::NAN, 1.0]), &row(&[1.0, f32::NAN]), &row(&[1.0, 1.0]));
    same(&z.to_vec(), &[f32::NAN, f32::NAN]);
}

#[thunder]
fn curvature(x: &Tensor<f64, (N,)>, y: f64) -> Tensor<f64, (N,)> {
    grad(x, |x| grad(x, |x| x.pow(y).sum(..)).sum(..))
}

#[test]
fn a_second_derivative_of_a_power_at_zero() {
    assert_eq!(curvature(&row(&[0.0f64, 3.0, -1.0]), 2.0).to_vec(), [2.0; 3]);
    assert_eq!(curvature(&row(&[0.0f64, 2.0]), 3.0).to_vec(), [0.0, 12.0]);
}

#[thunder]
fn dropped(x: &Tensor<f32, (N,)>, p: f32, key: Key) -> Tensor<f32, (N,)> {
    x.dropout(p, key)
}

#[thunder]
fn drawn(p: f64, key: Key) -> Tensor<bool, (_,)> {
    bernoulli((8,), p, key)
}

#[thunder]
fn smoothed(x: &Tensor<f32, (B, C)>, t: &Tensor<i64, (B,)>, s: f64) -> Scalar<f32> {
    cross_entropy(x, t, CrossEntropy { label_smoothing: s, ..Default::default() })
}

#[thunder]
fn normed(x: &Tensor<f32, (N,)>, eps: f32) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    (x.rms_norm(None, eps), x.layer_norm(None, None, eps))
}

#[thunder]
fn best(x: &Tensor<f32, (B, C)>) -> (Tensor<f32, (B,)>, Tensor<i64, (B,)>) {
    (x.amax(-1), x.argmin(-1))
}

#[thunder]
fn of_nothing(x: &Tensor<f32, (B, C)>) -> (Tensor<f32, (B, C)>, Tensor<f32, (B,)>, Tensor<f32, (B, C)>) {
    let slope = grad(x, |x| x.softmax(-1).square().sum(..));
    (x.softmax(-1), x.logsumexp(-1), slope)
}

#[test]
fn options_have_a_range() {
    let x = row(&[1.0f32, 2.0]);
    for p in [-0.1, 1.5, f32::NAN] {
        let e = dropped::call(&x, p, Key::new(0)).expect_err("no share").to_string();
        assert!(e.contains("`dropout`: `p` must be from 0 to 1, found"), "{e}");
        let e = drawn::call(p.into(), Key::new(0)).expect_err("no probability").to_string();
        assert!(e.contains("`bernoulli`: `p` must be from 0 to 1"), "{e}");
        let e = smoothed::call(&Tensor::zeros((2, 3)), &row(&[0i64, 1]), p.into())
            .expect_err("no share")
            .to_string();
        assert!(e.contains("`label_smoothing` must be from 0 to 1"), "{e}");
    }
    same(&dropped(&x, 0.0, Key::new(0)).to_vec(), &[1.0, 2.0]);
    same(&dropped(&x, 1.0, Key::new(0)).to_vec(), &[0.0, 0.0]);
    for eps in [-1e-3, f32::NAN, f32::INFINITY] {
        let e = normed::call(&x, eps).expect_err("no epsilon").to_string();
        assert!(e.contains("`rms_norm`: `eps` must be 0 or more, and finite"), "{e}");
    }
    let e = best::call(&Tensor::zeros((3, 0))).expect_err("of nothing").to_string();
    assert!(e.contains("`amax`: axis 1 of (3, 0) is empty"), "{e}");
    assert_eq!(best(&Tensor::zeros((0, 3))).0.shape(), (0,));
    let (p, sum, slope) = of_nothing(&Tensor::zeros((3, 0)));
    assert_eq!((p.shape(), slope.shape()), ((3, 0), (3, 0)));
    same(&sum.to_vec(), &[f32::NEG_INFINITY; 3]);
    let dropout = thunder::nn::Dropout { p: -0.1, training: true };
    let e = thunder::call(|| dropout.forward(&x, Key::new(0))).expect_err("no share").to_string();
    assert!(e.contains("`p` must be from 0 to 1"), "{e}");
}

#[thunder]
fn decayed(w: Tensor<f32, (N,)>, opt: thunder::optim::Sgd<Tensor<f32, (N,)>>) -> Tensor<f32, (N,)> {
    let (w, _opt) = opt.update(w.clone(), w, &full::<f32, _>((), 0.1));
    w
}

#[test]
fn optimisers_refuse_settings_without_meaning() {
    fn refusal<R, E: std::fmt::Display>(called: Result<R, E>) -> String {
        match called {
            Ok(_) => panic!("it is not refused"),
            Err(e) => e.to_string(),
        }
    }
    let w = row(&[1.0f32, 2.0]);
    let opt = thunder::optim::Sgd::new(&w, -0.5).expect("memory");
    let e = refusal(decayed::call(w.clone(), opt));
    assert!(e.contains("`momentum` must be 0 or more"), "{e}");
    let opt = thunder::optim::Sgd::new(&w, 0.0).expect("memory").with_nesterov(true);
    let e = refusal(decayed::call(w.clone(), opt));
    assert!(e.contains("`nesterov` needs a momentum"), "{e}");
    let opt = thunder::optim::Sgd::new(&w, 0.0).expect("memory").with_weight_decay(f32::NAN);
    let e = refusal(decayed::call(w, opt));
    assert!(e.contains("`weight_decay` must be 0 or more"), "{e}");
}

macro_rules! attentions {
    ($($name:ident: $alignment:ident;)*) => {$(
        #[thunder]
        fn $name(q: &Tensor<f32, (H, T, D)>, k: &Tensor<f32, (H, S, D)>, v: &Tensor<f32, (H, S, D)>) -> Tensor<f32, (H, T, D)> {
            let options = Sdpa { causal: true, alignment: Alignment::$alignment, ..Default::default() };
            scaled_dot_product_attention(q, k, v, options)
        }
    )*};
}

attentions! { upper_left: UpperLeft; lower_right: LowerRight; }

#[thunder]
fn unstated<S: Shape>(q: &Tensor<f32, S>, k: &Tensor<f32, S>) -> Tensor<f32, S> {
    scaled_dot_product_attention(q, k, k, Sdpa { causal: true, ..Default::default() })
}

#[test]
fn a_causal_attention_says_how_it_is_aligned() {
    crate::device();
    let (q, k) = (Tensor::zeros((1, 1, 1)), Tensor::zeros((1, 2, 1)));
    let v = Tensor::from_vec(vec![1.0f32, 3.0], (1, 2, 1));
    near(&upper_left(&q, &k, &v).to_vec(), &[1.0], 1e-6);
    near(&lower_right(&q, &k, &v).to_vec(), &[2.0], 1e-6);
    // More queries than keys: with one alignment the first query sees nothing; with both the last query sees all keys.
    let q = Tensor::zeros((1, 3, 1));
    near(&upper_left(&q, &k, &v).to_vec(), &[1.0, 2.0, 2.0], 1e-6);
    near(&lower_right(&q, &k, &v).to_vec(), &[0.0, 1.0, 2.0], 1e-6);
    near(&unstated(&v, &v).to_vec(), &[1.0, 1.0 + 2.0 / (1.0 + (3.0f64 - 9.0).exp())], 1e-6);
    let e = unstated::call(&q, &k).expect_err("3 queries and 2 keys").to_string();
    assert!(e.contains("alignment: Alignment::LowerRight") && e.contains("3 is not 2"), "{e}");
}
