//! Elementary functions in f32 without branches, so that loops over them vectorise.
//!
//! Each is within a few ulps of the true value, and right at NaN, infinities, signed zeros and denormals.

// Constants are split into a short head and a tail, and polynomials are given to the digits they were fitted to.
#![allow(clippy::excessive_precision, clippy::approx_constant)]

/// Adding this rounds to an integer, which is then in the low bits.
const MAGIC: f32 = 12_582_912.0;

/// The integer nearest to `x`, as the float and as a number of units; for `|x| < 2^21`.
#[inline(always)]
fn nearest(x: f32) -> (f32, i32) {
    let t = x + MAGIC;
    (t - MAGIC, (t.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32))
}

/// `2^n` for `n` in -126..=127.
#[inline(always)]
fn pow2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

/// `x * 2^n` for `n` in -252..=254, in two steps so that denormals and the largest values come right.
#[inline(always)]
fn scale(x: f32, n: i32) -> f32 {
    let half = n >> 1;
    x * pow2(half) * pow2(n.wrapping_sub(half))
}

/// `e^r - 1` for `|r| <= ln 2 / 2`, relative to `r`. Taylor terms, the last adjusted to the interval.
#[inline(always)]
fn expm1_small(r: f32) -> f32 {
    let mut p = 1.984_126_98e-4f32;
    p = p.mul_add(r, 1.389_134_3e-3);
    p = p.mul_add(r, 8.333_357e-3);
    p = p.mul_add(r, 4.166_662e-2);
    p = p.mul_add(r, 1.666_666_7e-1);
    p = p.mul_add(r, 0.5);
    (p * r).mul_add(r, r)
}

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// `ln 2` to 24 bits, and what is left.
const LN2_HI: f32 = 0.693_147_2;
const LN2_LO: f32 = -1.904_654_3e-9;

/// Limits `x`, NaN kept.
#[inline(always)]
fn limit(x: f32, lo: f32, hi: f32) -> f32 {
    let x = if x < lo { lo } else { x };
    if x > hi { hi } else { x }
}

/// `e^x`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = limit(x, -104.5, 89.5);
    let (n, i) = nearest(x * LOG2_E);
    let r = n.mul_add(-LN2_LO, n.mul_add(-LN2_HI, x));
    scale(expm1_small(r) + 1.0, i)
}

/// `2^x`.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = limit(x, -151.0, 129.0);
    let (n, i) = nearest(x);
    scale(expm1_small((x - n) * std::f32::consts::LN_2) + 1.0, i)
}

/// `e^x - 1`.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    let y = limit(x, -30.0, 88.8);
    let (n, i) = nearest(y * LOG2_E);
    let r = n.mul_add(-LN2_LO, n.mul_add(-LN2_HI, y));
    // 2^n (1 + p) - 1, at half the scale so that the largest n does not overflow.
    let s = pow2(i.wrapping_sub(1));
    let t = s.mul_add(expm1_small(r), s - 0.5);
    let e = t + t;
    // Keeps -0.
    if x == 0.0 { x } else { e }
}

/// `ln(2^e m)` split as exponent and `m - 1` for `m` in [√½, √2); for positive finite `x`.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    let tiny = x < f32::MIN_POSITIVE;
    let x = if tiny { x * 8_388_608.0 } else { x };
    let bits = x.to_bits() as i32;
    let e = bits.wrapping_sub(0x3f35_04f3) >> 23;
    let m = f32::from_bits(bits.wrapping_sub(e << 23) as u32);
    (e as f32 - if tiny { 23.0 } else { 0.0 }, m - 1.0)
}

/// `(ln(1 + f) - f) / f²` for `1 + f` in [√½, √2).
#[inline(always)]
fn log_tail(f: f32) -> f32 {
    // The minimax polynomial of Cephes' logf.
    let mut p = 7.037_683_6e-2f32;
    p = p.mul_add(f, -1.151_461e-1);
    p = p.mul_add(f, 1.167_699_9e-1);
    p = p.mul_add(f, -1.242_014_1e-1);
    p = p.mul_add(f, 1.424_932_3e-1);
    p = p.mul_add(f, -1.666_805_8e-1);
    p = p.mul_add(f, 2.000_071_5e-1);
    p = p.mul_add(f, -2.499_999_4e-1);
    p = p.mul_add(f, 3.333_333_1e-1);
    p.mul_add(f, -0.5)
}

/// The value of a logarithm `y` of `x`, right at 0, below, at infinity and NaN.
#[inline(always)]
fn log_limits(x: f32, y: f32) -> f32 {
    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x < 0.0 || x.is_nan() { f32::NAN } else { y }
}

/// `ln x`.
#[inline(always)]
pub fn log(x: f32) -> f32 {
    let (e, f) = split(x);
    let y = e.mul_add(LN2_LO, (log_tail(f) * f).mul_add(f, f));
    log_limits(x, e.mul_add(LN2_HI, y))
}

/// `log₂ x`.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let (e, f) = split(x);
    // log2(e) in two parts, so that the product keeps its precision where the exponent is 0.
    let (hi, lo) = (1.442_695, 1.925_963e-8);
    let tail = log_tail(f) * f * f;
    let y = f.mul_add(lo, tail.mul_add(hi, f * hi) + f.mul_add(hi, -(f * hi)));
    log_limits(x, e + y)
}

/// `ln(1 + x)`.
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    // What rounding lost of 1 + x, relative to it.
    let lost = (x - (u - 1.0)) / u;
    let lost = if u.abs() < 3.0e38 { lost } else { 0.0 };
    let y = log(u) + lost;
    let y = if x.abs() < 1e-7 { x } else { y };
    if x == -1.0 { f32::NEG_INFINITY } else { y }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let z = exp(-x.abs());
    let y = 1.0 / (1.0 + z);
    if x < 0.0 { z * y } else { y }
}

/// `1 / (1 + e^-x)` in f64.
pub fn sigmoid64(x: f64) -> f64 {
    let z = (-x.abs()).exp();
    if x < 0.0 { z / (1.0 + z) } else { 1.0 / (1.0 + z) }
}

/// `tanh x`.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 10.0 { 10.0 } else { a };
    let t = expm1(a + a);
    (t / (t + 2.0)).copysign(x)
}

/// Where `erf` passes from the series near 0 to `1 - erfc`.
const ERF_TAIL: f32 = 0.75;

/// `erf x` for `|x| <= ERF_TAIL`: an odd minimax polynomial.
#[inline(always)]
fn erf_small(x: f32) -> f32 {
    let s = x * x;
    let mut p = -6.535_235_914e-4f32;
    p = p.mul_add(s, 5.085_130_416e-3);
    p = p.mul_add(s, -2.682_080_671e-2);
    p = p.mul_add(s, 1.128_311_281e-1);
    p = p.mul_add(s, -3.761_260_139e-1);
    p = p.mul_add(s, 1.283_791_64e-1);
    p.mul_add(x, x)
}

/// `erfc a` for `a >= 0`, to a relative precision: `e^(-a²)`, which falls, times `e^(a²) erfc(a) (1 + 2a)`, which
/// hardly changes, as a minimax polynomial in `(a - 2) / (a + 2)`, over `1 + 2a`. Never below 0.
#[inline(always)]
fn erfc_positive(a: f32) -> f32 {
    // The answer is 0 from here on.
    let a = if a > 10.1 { 10.1 } else { a };
    let t = (a - 2.0) / (a + 2.0);
    let mut p = -4.005_770_83e-4f32;
    p = p.mul_add(t, -1.229_927_28e-3);
    p = p.mul_add(t, 1.313_523_68e-3);
    p = p.mul_add(t, 8.631_681_14e-3);
    p = p.mul_add(t, -8.059_875_76e-3);
    p = p.mul_add(t, -5.420_429_86e-2);
    p = p.mul_add(t, 1.640_553_47e-1);
    p = p.mul_add(t, -1.660_314_25e-1);
    p = p.mul_add(t, -9.276_398_08e-2);
    p = p.mul_add(t, 1.276_978_39);
    let s = a * a;
    // What rounding lost of a², which the exponential would magnify.
    let lost = a.mul_add(a, -s);
    let e = exp(-s);
    (-lost).mul_add(e, e) * (p / a.mul_add(2.0, 1.0))
}

/// `erf x`, within 2 ulps, never outside of [-1, 1].
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let far = (1.0 - erfc_positive(a)).copysign(x);
    if a > ERF_TAIL { far } else { erf_small(x) }
}

/// `erfc x = 1 - erf x`.
#[inline(always)]
pub fn erfc(x: f32) -> f32 {
    let y = erfc_positive(x.abs());
    if x < 0.0 { 2.0 - y } else { y }
}

/// Beyond this `sin` and `cos` are computed in f64 by [`far_sin`] and [`far_cos`].
pub const FAR: f32 = 30_000.0;

/// The nearest multiple of π/2, by its number, and what is left; for `|x| <= FAR`.
#[inline(always)]
fn quarter(x: f32) -> (i32, f32) {
    let (q, i) = nearest(x * std::f32::consts::FRAC_2_PI);
    let r = q.mul_add(-std::f32::consts::FRAC_PI_2, x);
    let r = q.mul_add(4.371_138_8e-8, r);
    (i, q.mul_add(1.715_124_5e-15, r))
}

/// `sin` or `cos` of `r` in [-π/4, π/4] plus `q` quarter turns.
#[inline(always)]
fn turn(q: i32, r: f32) -> f32 {
    let s = r * r;
    let mut c = 2.443_315_7e-5f32;
    c = c.mul_add(s, -1.388_731_6e-3);
    c = c.mul_add(s, 4.166_664_6e-2);
    c = c.mul_add(s, -0.5);
    let cos = c.mul_add(s, 1.0);
    let mut p = 2.608_316e-6f32;
    p = p.mul_add(s, -1.981_069_1e-4);
    p = p.mul_add(s, 8.333_078e-3);
    p = p.mul_add(s, -1.666_666e-1);
    let sin = (p * s).mul_add(r, r);
    let y = if q & 1 != 0 { cos } else { sin };
    if q & 2 != 0 { -y } else { y }
}

/// `sin x` for `|x| <= FAR`.
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    let (q, r) = quarter(x);
    let y = turn(q, r);
    if x == 0.0 { x } else { y }
}

/// `cos x` for `|x| <= FAR`.
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    let (q, r) = quarter(x);
    turn(q.wrapping_add(1), r)
}

/// `sin x`, anywhere.
pub fn far_sin(x: f32) -> f32 {
    (x as f64).sin() as f32
}

/// `cos x`, anywhere.
pub fn far_cos(x: f32) -> f32 {
    (x as f64).cos() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance in units of the last place of the f32 nearest to `want`.
    fn ulps(got: f32, want: f64) -> f64 {
        if want.is_nan() || got.is_nan() {
            return if want.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
        }
        let near = want as f32;
        if got == near {
            return 0.0;
        }
        if near.is_infinite() || got.is_infinite() {
            return f64::INFINITY;
        }
        let step = (f32::from_bits(near.abs().to_bits() + 1) - near.abs()) as f64;
        (got as f64 - want).abs() / step
    }

    fn worst(name: &str, f: fn(f32) -> f32, exact: fn(f64) -> f64, limit: f64) {
        let mut worst = (0.0, 0.0f32);
        let mut check = |x: f32| {
            let off = ulps(super::super::vectorised(|| f(x)), exact(x as f64));
            if off > worst.0 {
                worst = (off, x);
            }
        };
        for i in 0..1 << 20 {
            // Every 4093rd bit pattern: all magnitudes, denormals, infinities and NaN.
            check(f32::from_bits((i as u32).wrapping_mul(4093)));
            check((i as f32 / (1 << 20) as f32 - 0.5) * 40.0);
            check((i as f32 / (1 << 20) as f32 - 0.5) * 2.0 * FAR);
        }
        for x in
            [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, -1e-45, 88.72, -103.0]
        {
            check(x);
        }
        println!("{name}: {worst:?}");
        assert!(worst.0 <= limit, "{name}({:e}) is {} ulps off", worst.1, worst.0);
    }

    #[test]
    fn functions_are_within_a_few_ulps() {
        worst("exp", exp, f64::exp, 1.5);
        worst("exp2", exp2, f64::exp2, 2.0);
        worst("expm1", expm1, f64::exp_m1, 2.0);
        worst("log", log, f64::ln, 1.5);
        worst("log2", log2, f64::log2, 2.5);
        worst("log1p", log1p, f64::ln_1p, 2.5);
        worst("tanh", tanh, f64::tanh, 3.0);
        worst("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 3.0);
        worst("erf", erf, libm::erf, 2.0);
        worst("erfc", erfc, libm::erfc, 5.0);
        worst("sin", |x| if x.abs() > FAR { far_sin(x) } else { sin(x) }, f64::sin, 2.5);
        worst("cos", |x| if x.abs() > FAR { far_cos(x) } else { cos(x) }, f64::cos, 2.5);
    }

    #[test]
    fn erf_stays_within_one_and_erfc_above_zero() {
        let check = |x: f32| {
            let (y, c) = super::super::vectorised(|| (erf(x), erfc(x)));
            assert!(y.abs() <= 1.0 && (y.is_sign_negative() == x.is_sign_negative()), "erf({x:e}) = {y:e}");
            assert!((0.0..=2.0).contains(&c), "erfc({x:e}) = {c:e}");
        };
        for i in 0..1 << 21 {
            let a = i as f32 / (1 << 21) as f32 * 12.0;
            check(a);
            check(-a);
        }
        assert_eq!((erf(f32::INFINITY), erf(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((erfc(f32::INFINITY), erfc(f32::NEG_INFINITY)), (0.0, 2.0));
        assert!(erf(f32::NAN).is_nan() && erfc(f32::NAN).is_nan());
    }

    /// Every f32 in ±12: some minutes of a release build.
    #[test]
    #[ignore = "runs for minutes; see the sampled test"]
    fn erf_everywhere() {
        let (mut worst, mut tail) = ((0.0, 0f32), (0.0, 0f32));
        for bits in 0..=12f32.to_bits() {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let (y, c) = super::super::vectorised(|| (erf(x), erfc(x)));
                assert!(y.abs() <= 1.0 && c >= 0.0, "erf({x:e}) = {y:e}, erfc {c:e}");
                let (a, b) = (ulps(y, libm::erf(x.into())), ulps(c, libm::erfc(x.into())));
                if a > worst.0 {
                    worst = (a, x);
                }
                if b > tail.0 {
                    tail = (b, x);
                }
            }
        }
        println!("erf {worst:?} erfc {tail:?}");
        assert!(worst.0 <= 2.0 && tail.0 <= 5.0);
    }

    #[test]
    fn zeros_keep_their_sign() {
        for f in [expm1, tanh, erf, sin, log1p] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
            assert_eq!(f(0.0).to_bits(), 0);
        }
    }
}
