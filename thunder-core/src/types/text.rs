//! A string of fixed capacity that a `const fn` can write, for errors raised while rustc evaluates constants.

use super::{Elem, Extent, Shape, Ty};

const CAPACITY: usize = 640;

/// A short text built in a `const fn`. Text beyond the capacity is cut off.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Text {
    /// An empty text.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Text {
        Text { bytes: [0; CAPACITY], len: 0 }
    }

    /// The text so far.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(s) => s,
            Err(_) => "",
        }
    }

    /// Appends `s`.
    pub const fn str(mut self, s: &str) -> Text {
        let s = s.as_bytes();
        if self.len + s.len() > CAPACITY {
            return self;
        }
        let mut i = 0;
        while i < s.len() {
            self.bytes[self.len] = s[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Appends a number.
    pub const fn int(mut self, n: i64) -> Text {
        if n < 0 {
            self = self.str("-");
        }
        let mut rest = n.unsigned_abs();
        let mut digits = [0u8; 20];
        let mut at = 20;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        match std::str::from_utf8(digits.split_at(at).1) {
            Ok(s) => self.str(s),
            Err(_) => self,
        }
    }

    /// Appends a float with at most 6 digits after the point. A large float is given by its order of magnitude.
    ///
    /// ```
    /// use thunder_core::types::Text;
    /// for (x, text) in [(1.5, "1.5"), (-0.1, "-0.1"), (2.0, "2"), (f64::NAN, "NaN"), (-1e20, "about -1e20")] {
    ///     assert_eq!(Text::new().float(x).as_str(), text);
    /// }
    /// ```
    pub const fn float(mut self, x: f64) -> Text {
        if x.is_nan() {
            return self.str("NaN");
        }
        let sign = if x < 0.0 { "-" } else { "" };
        let mut a = if x < 0.0 { -x } else { x };
        if a == f64::INFINITY {
            return self.str(sign).str("infinity");
        }
        if a >= 1e15 || (a > 0.0 && a < 1e-6) {
            let mut power = 0;
            while a >= 10.0 {
                a /= 10.0;
                power += 1;
            }
            while a < 1.0 {
                a *= 10.0;
                power -= 1;
            }
            let mut round = a as i64 + (a - (a as i64) as f64 >= 0.5) as i64;
            if round == 10 {
                (round, power) = (1, power + 1);
            }
            return self.str("about ").str(sign).int(round).str("e").int(power);
        }
        let whole = a as i64;
        let mut rest = ((a - whole as f64) * 1e6 + 0.5) as i64;
        self = self.str(sign).int(whole + rest / 1_000_000);
        rest %= 1_000_000;
        if rest > 0 {
            self = self.str(".");
            let mut unit = 100_000;
            while rest > 0 {
                self = self.int(rest / unit);
                rest %= unit;
                unit /= 10;
            }
        }
        self
    }

    /// Appends how two extents differ: as different numbers, or as names that nothing relates.
    pub const fn unequal(self, a: Extent, b: Extent, dims: &[&str]) -> Text {
        if a.value().is_some() && b.value().is_some() {
            return self.extent(a, dims).str(" is not ").extent(b, dims);
        }
        self.str("nothing says that ").extent(a, dims).str(" equals ").extent(b, dims)
    }

    /// Appends an extent, with the names in `dims` for the dimension variables.
    pub const fn extent(mut self, e: Extent, dims: &[&str]) -> Text {
        if e.is_unknown() {
            return self.str("_");
        }
        let mut first = true;
        let mut i = 0;
        while i < e.terms.len() {
            let t = e.terms[i];
            if t.coef != 0 {
                if !first {
                    self = self.str(if t.coef < 0 { " - " } else { " + " });
                } else if t.coef < 0 {
                    self = self.str("-");
                }
                let mut product = t.coef.unsigned_abs() != 1;
                if product {
                    self = self.int(t.coef.unsigned_abs() as i64);
                }
                let mut k = 0;
                while k < t.vars.len() {
                    if t.vars[k] != 0 {
                        if product {
                            self = self.str("*");
                        }
                        product = true;
                        let name = t.vars[k] as usize - 1;
                        self = if name < dims.len() { self.str(dims[name]) } else { self.str("?") };
                    }
                    k += 1;
                }
                first = false;
            }
            i += 1;
        }
        if e.konst != 0 || first {
            if first {
                self = self.int(e.konst);
            } else {
                self = self.str(if e.konst < 0 { " - " } else { " + " }).int(e.konst.abs());
            }
        }
        self
    }

    /// Appends a shape as a tuple: `(B, T, C)`.
    pub const fn shape(mut self, s: &Shape, dims: &[&str]) -> Text {
        if s.is_unknown() {
            return self.str("(..)");
        }
        self = self.str("(");
        let mut n = 0;
        if s.lead != 0 {
            let name = s.lead as usize - 1;
            self = if name < dims.len() { self.str(dims[name]) } else { self.str("..") };
            n += 1;
        }
        let mut i = 0;
        while i < s.rank() {
            if n > 0 {
                self = self.str(", ");
            }
            self = self.extent(s.at(i), dims);
            n += 1;
            i += 1;
        }
        self.str(if n == 1 { ",)" } else { ")" })
    }

    /// Appends a type as in the printed trace: `f32[B, T, C]`.
    pub const fn ty(mut self, t: &Ty, dims: &[&str], elems: &[&str]) -> Text {
        self = match t.elem {
            Elem::Known(d) => self.str(d.name()),
            Elem::Param(k) if (k as usize) < elems.len() => self.str(elems[k as usize]),
            Elem::Param(_) | Elem::Unknown => self.str("_"),
        };
        if t.shape.is_unknown() {
            return self.str("[..]");
        }
        self = self.str("[");
        if t.shape.lead != 0 {
            let name = t.shape.lead as usize - 1;
            self = if name < dims.len() { self.str(dims[name]) } else { self.str("..") };
            if t.shape.rank() > 0 {
                self = self.str(", ");
            }
        }
        let mut i = 0;
        while i < t.shape.rank() {
            if i > 0 {
                self = self.str(", ");
            }
            self = self.extent(t.shape.at(i), dims);
            i += 1;
        }
        self.str("]")
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
