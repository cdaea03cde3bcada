//! Philox and the distributions drawn from it.

use crate::Array;
use thunder_core::op::Op;
use thunder_core::types::DType;

/// Philox 4x32 with 10 rounds.
pub fn philox(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let ([mut k0, mut k1], mut c) = (key, counter);
    for _ in 0..10 {
        let a = u64::from(c[0]) * 0xD251_1F53;
        let b = u64::from(c[2]) * 0xCD9E_8D57;
        let high = |x: u64| (x >> 32) as u32;
        c = [high(b) ^ c[1] ^ k0, b as u32, high(a) ^ c[3] ^ k1, a as u32];
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

fn block(key: [u32; 2], count: u64, stream: u32) -> [u32; 4] {
    philox(key, [count as u32, (count >> 32) as u32, 0, stream])
}

fn unit(word: u32) -> f64 {
    f64::from(word >> 8) / f64::from(1 << 24)
}

pub(crate) fn eval(op: &Op, args: &[Array], dtype: DType, shape: &[usize]) -> Array {
    let key = [args[0].data[0] as u32, args[0].data[1] as u32];
    let n: usize = shape.iter().product();
    let fill = |f: &dyn Fn(usize) -> f64| Array::new(dtype, shape, (0..n).map(f).collect());
    match *op {
        Op::KeySplit { index, .. } => {
            let words = block(key, index.value().expect("a number") as u64, 2);
            fill(&|i| f64::from(words[i]))
        }
        Op::FoldIn => {
            let words = block(key, args[1].data[0] as i64 as u64, 3);
            fill(&|i| f64::from(words[i]))
        }
        Op::Uniform { .. } => fill(&|i| unit(block(key, i as u64 / 4, 0)[i % 4])),
        Op::Normal { .. } => fill(&|i| {
            let words = block(key, i as u64 / 2, 1);
            let (u1, u2) = (unit(words[2 * (i % 2)]), unit(words[2 * (i % 2) + 1]));
            (-2.0 * (1.0 - u1).ln()).sqrt() * cos_of_turns(u2)
        }),
        Op::Bernoulli { p, .. } => {
            let below = (p.to_f64() * 65536.0).round() as u32;
            fill(&|i| {
                let word = block(key, i as u64 / 8, 0)[i % 8 / 2];
                let lane = if i % 2 == 0 { word & 0xFFFF } else { word >> 16 };
                f64::from(u8::from(lane < below))
            })
        }
        _ => panic!("{op:?} draws nothing"),
    }
}

/// `cos(2 pi x)` for `x` from 0 to 1, accurate near its zeros, at a quarter and at three quarters.
fn cos_of_turns(x: f64) -> f64 {
    let tau = std::f64::consts::TAU;
    // Odd around a quarter, and even around a half.
    let x = if x > 0.5 { 1.0 - x } else { x };
    if x > 0.125 && x < 0.375 { (tau * (0.25 - x)).sin() } else { (tau * x).cos() }
}

#[cfg(test)]
mod tests {
    /// The known answers of Random123 (kat_vectors, philox4x32 10).
    #[test]
    fn known_answers() {
        assert_eq!(super::philox([0, 0], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            super::philox([u32::MAX; 2], [u32::MAX; 4]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            super::philox([0xa409_3822, 0x299f_31d0], [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
