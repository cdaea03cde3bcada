//! Philox 4x32-10, counter-based: the numbers depend on the key and the element's number alone.
//!
//! J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. With the key's two words:
//! - uniform element `i`: 32-bit lane `i % 4` of counter `(i / 4, 0, 0)`, its upper 24 bits, times 2⁻²⁴;
//! - bernoulli element `i`: 16-bit lane `i % 8` of counter `(i / 8, 0, 0)` below `round(p * 65536)`;
//! - normal element `i`: lanes `2 (i % 2)` and `2 (i % 2) + 1` of counter `(i / 2, 0, 1)` as uniforms `u1`, `u2`:
//!   `√(-2 ln(1 - u1)) cos(2π u2)`;
//! - key `i` of a split: the first two words of counter `(i, 0, 2)`; folded with `d`: of `(d, 0, 3)`.

use super::kernels::vectorised;
use crate::op::Op;

/// How many counters are worked on side by side.
const WIDE: usize = 16;

/// The four words for `WIDE` counters, word by word.
#[inline(always)]
fn philox_wide(key: [u32; 2], mut c: [[u32; WIDE]; 4]) -> [[u32; WIDE]; 4] {
    let (mut k0, mut k1) = (key[0], key[1]);
    for _ in 0..10 {
        let mut next = [[0u32; WIDE]; 4];
        for i in 0..WIDE {
            let a = 0xD251_1F53u64 * c[0][i] as u64;
            let b = 0xCD9E_8D57u64 * c[2][i] as u64;
            next[0][i] = (b >> 32) as u32 ^ c[1][i] ^ k0;
            next[1][i] = b as u32;
            next[2][i] = (a >> 32) as u32 ^ c[3][i] ^ k1;
            next[3][i] = a as u32;
        }
        c = next;
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

/// The four words of one counter.
pub(super) fn philox(key: [u32; 2], counter: u64, tag: u32) -> [u32; 4] {
    let (mut k0, mut k1) = (key[0], key[1]);
    let mut c = [counter as u32, (counter >> 32) as u32, 0, tag];
    for _ in 0..10 {
        let a = 0xD251_1F53u64 * c[0] as u64;
        let b = 0xCD9E_8D57u64 * c[2] as u64;
        c = [(b >> 32) as u32 ^ c[1] ^ k0, b as u32, (a >> 32) as u32 ^ c[3] ^ k1, a as u32];
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

/// The words of `WIDE` counters from `first` on.
#[inline(always)]
fn block(key: [u32; 2], first: u64, tag: u32) -> [[u32; WIDE]; 4] {
    let mut c = [[0; WIDE], [0; WIDE], [0; WIDE], [tag; WIDE]];
    #[allow(clippy::needless_range_loop)] // Two rows are filled side by side.
    for i in 0..WIDE {
        let n = first + i as u64;
        (c[0][i], c[1][i]) = (n as u32, (n >> 32) as u32);
    }
    philox_wide(key, c)
}

fn unit(word: u32) -> f64 {
    (word >> 8) as f64 / (1u64 << 24) as f64
}

/// Element `i` of a random tensor, as the f64 that its type rounds.
pub(super) fn element(op: &Op, key: [u32; 2], i: u64) -> f64 {
    match op {
        Op::Bernoulli { p, .. } => {
            let words = philox(key, i / 8, 0);
            let lane = (i % 8) as usize;
            let bits = (words[lane / 2] >> (16 * (lane % 2))) & 0xffff;
            f64::from(u8::from(bits < threshold(p.to_f64())))
        }
        Op::Normal { .. } => {
            let words = philox(key, i / 2, 1);
            let lane = 2 * (i % 2) as usize;
            let (u1, u2) = (unit(words[lane]), unit(words[lane + 1]));
            (-2.0 * (1.0 - u1).ln()).sqrt() * cos_of_turns(u2)
        }
        _ => unit(philox(key, i / 4, 0)[(i % 4) as usize]),
    }
}

/// `cos(2 pi x)`, by the nearest quarter turn: near its zeros the plain formula has none but absolute accuracy.
fn cos_of_turns(x: f64) -> f64 {
    let quarter = (4.0 * x).round();
    let (sin, cos) = (2.0 * std::f64::consts::PI * (x - quarter / 4.0)).sin_cos();
    match quarter as i64 & 3 {
        0 => cos,
        1 => -sin,
        2 => -cos,
        _ => sin,
    }
}

fn threshold(p: f64) -> u32 {
    (p * 65536.0).round() as u32
}

/// Bernoulli draws for the elements from `first` on.
pub(super) fn bernoulli(out: &mut [u8], key: [u32; 2], p: f64, first: u64) {
    const RUN: usize = 8 * WIDE;
    let limit = threshold(p);
    vectorised(
        #[inline(always)]
        || {
            let mut at = 0;
            while at < out.len() {
                let i = first + at as u64;
                let skip = (i % 8) as usize;
                let words = block(key, i / 8, 0);
                let mut draws = [0u8; RUN];
                for w in 0..4 {
                    for c in 0..WIDE {
                        draws[c * 8 + 2 * w] = u8::from((words[w][c] & 0xffff) < limit);
                        draws[c * 8 + 2 * w + 1] = u8::from((words[w][c] >> 16) < limit);
                    }
                }
                let count = (RUN - skip).min(out.len() - at);
                out[at..at + count].copy_from_slice(&draws[skip..skip + count]);
                at += count;
            }
        },
    )
}

/// Uniform draws for the elements from `first` on.
pub(super) fn uniform(out: &mut [f32], key: [u32; 2], first: u64) {
    const RUN: usize = 4 * WIDE;
    vectorised(
        #[inline(always)]
        || {
            let mut at = 0;
            while at < out.len() {
                let i = first + at as u64;
                let skip = (i % 4) as usize;
                let words = block(key, i / 4, 0);
                let mut draws = [0f32; RUN];
                for w in 0..4 {
                    for c in 0..WIDE {
                        draws[c * 4 + w] = (words[w][c] >> 8) as i32 as f32 * (1.0 / 16_777_216.0);
                    }
                }
                let count = (RUN - skip).min(out.len() - at);
                out[at..at + count].copy_from_slice(&draws[skip..skip + count]);
                at += count;
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_numbers() {
        // The known answers of Random123's kat_vectors.
        assert_eq!(philox([0, 0], 0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    }

    #[test]
    fn runs_are_the_elements() {
        let (key, p) = ([7, 9], 0.3);
        let op = Op::Bernoulli { p: crate::op::Lit::F(p), shape: crate::types::Shape::SCALAR };
        let mut out = vec![9; 333];
        bernoulli(&mut out, key, p, 13);
        assert!(out.iter().enumerate().all(|(i, &x)| x as f64 == element(&op, key, 13 + i as u64)));
        let op = Op::Uniform { elem: crate::types::Elem::Unknown, shape: crate::types::Shape::SCALAR };
        let mut out = vec![9.0; 333];
        uniform(&mut out, key, 5);
        assert!(out.iter().enumerate().all(|(i, &x)| x as f64 == element(&op, key, 5 + i as u64)));
    }
}
