//! Random keys, and the Philox generator behind them.

use super::record;
use crate::recorder;
use crate::trace::Value;

/// A key for random numbers: the same key gives the same numbers on every device.
///
/// Derive as many as needed with [`Key::split`] and [`Key::fold_in`], on the host or inside a `#[thunder]` function.
///
/// ```
/// use thunder_core::tensor::Key;
/// let [a, b] = Key::new(0).split();
/// assert_ne!(a.words(), b.words());
/// assert_eq!(Key::new(7).fold_in(3).words(), Key::new(7).fold_in(3).words());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key(Repr);

#[derive(Clone, Copy, Debug)]
enum Repr {
    Host([u32; 2]),
    Traced(Value),
    Poison,
}

impl Key {
    /// The key of a seed.
    pub const fn new(seed: u64) -> Key {
        Key(Repr::Host([seed as u32, (seed >> 32) as u32]))
    }

    /// From its two words.
    pub const fn from_words(words: [u32; 2]) -> Key {
        Key(Repr::Host(words))
    }

    /// The key of a traced value of type `u32[2]`.
    pub const fn traced(v: Option<Value>) -> Key {
        match v {
            Some(v) => Key(Repr::Traced(v)),
            None => Key(Repr::Poison),
        }
    }

    /// The two words, on the host.
    pub const fn words(self) -> [u32; 2] {
        match self.0 {
            Repr::Host(w) => w,
            _ => [0; 2],
        }
    }

    /// The traced value, inside a trace, where a host key is an error.
    #[track_caller]
    pub(crate) fn value(self) -> Option<Value> {
        match self.0 {
            Repr::Traced(v) => Some(v),
            Repr::Host(_) => recorder::fail_text("a host `Key` inside a trace: pass it as a parameter"),
            Repr::Poison => None,
        }
    }

    /// `N` keys derived from this one, independent of each other and of it.
    #[track_caller]
    pub fn split<const N: usize>(self) -> [Key; N] {
        let mut keys = [self; N];
        for (i, key) in keys.iter_mut().enumerate() {
            *key = self.split_at(N, i);
        }
        keys
    }

    /// The `index`th of `n` derived keys.
    #[track_caller]
    pub fn split_at(self, n: usize, index: usize) -> Key {
        match self.0 {
            Repr::Host(words) => {
                let out = philox(words, [index as u32, (index as u64 >> 32) as u32, 0, 2]);
                Key::from_words([out[0], out[1]])
            }
            _ => record::key_split(self.value(), n, index),
        }
    }

    /// The key derived from this one and a number (on the host: a step count, say).
    #[track_caller]
    pub fn fold_in<D: FoldIn>(self, data: D) -> Key {
        data.fold(self)
    }
}

/// A number that can be folded into a key: a host integer, or a traced `Scalar<i64>`.
pub trait FoldIn {
    /// The derived key.
    #[track_caller]
    fn fold(self, key: Key) -> Key;
}

macro_rules! fold_in_host {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl FoldIn for $t {
            #[track_caller]
            fn fold(self, key: Key) -> Key {
                let data = self as u64;
                match key.0 {
                    Repr::Host(words) => {
                        let out = philox(words, [data as u32, (data >> 32) as u32, 0, 3]);
                        Key::from_words([out[0], out[1]])
                    }
                    _ => record::fold_in_static(key.value(), data as i64),
                }
            }
        }
    )*};
}

fold_in_host! { i32 i64 u32 u64 usize }

#[diagnostic::do_not_recommend]
impl FoldIn for &super::Scalar<i64> {
    #[track_caller]
    fn fold(self, key: Key) -> Key {
        match (key.0, self.raw()) {
            (Repr::Host(_), super::RawTensor::Concrete { .. }) => key.fold_in(self.item()),
            _ => record::fold_in(key.value(), self.raw()),
        }
    }
}

#[diagnostic::do_not_recommend]
impl FoldIn for super::Scalar<i64> {
    #[track_caller]
    fn fold(self, key: Key) -> Key {
        (&self).fold(key)
    }
}

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
pub const fn philox(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let (mut k, mut c, mut round) = (key, counter, 0);
    while round < 10 {
        let a = 0xD251_1F53u64 * c[0] as u64;
        let b = 0xCD9E_8D57u64 * c[2] as u64;
        c = [(b >> 32) as u32 ^ c[1] ^ k[0], b as u32, (a >> 32) as u32 ^ c[3] ^ k[1], a as u32];
        k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
        round += 1;
    }
    c
}

#[cfg(test)]
mod tests {
    use super::philox;

    #[test]
    fn philox_known_answers() {
        // The known-answer vectors published with the Random123 library.
        assert_eq!(philox([0, 0], [0; 4]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([!0, !0], [!0; 4]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    }
}
