//! Extents: the number of elements along a dimension, as a small polynomial in the item's dimension variables.

/// One monomial: `coef * v1 * v2 * …`. A variable is stored as its index plus one; 0 means no variable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Term {
    /// The factor; 0 marks an unused monomial.
    pub coef: i32,
    /// Sorted descending, padded with 0.
    pub vars: [u8; 4],
}

const NO_TERM: Term = Term { coef: 0, vars: [0; 4] };
const TERMS: usize = 3;
const UNKNOWN: i64 = i64::MIN;

/// The number of elements along a dimension: a polynomial with up to three monomials and a constant, in
/// normal form, so that equal extents are equal values. An extent that does not fit is unknown, and checked when linking.
///
/// ```
/// use thunder_core::types::{Extent, Relation};
/// let (h, d) = (Extent::var(0), Extent::var(1));
/// assert_eq!(h.mul(d).relation(d.mul(h)), Relation::Equal);
/// assert_eq!(h.mul(Extent::new(3)).relation(h), Relation::Different);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The constant part; `i64::MIN` marks the unknown extent.
    pub konst: i64,
    /// The monomials, sorted; unused ones last.
    pub terms: [Term; TERMS],
}

impl std::hash::Hash for Extent {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.konst.hash(state);
        // Most extents are numbers.
        if self.terms[0].coef != 0 {
            self.terms.hash(state);
        }
    }
}

/// What can be proved about two extents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// The same polynomial.
    Equal,
    /// Not provably equal: different numbers, or names that nothing relates.
    Different,
    /// One of them is unknown.
    Unknown,
}

impl Extent {
    /// The unknown extent.
    pub const UNKNOWN: Extent = Extent { konst: UNKNOWN, terms: [NO_TERM; TERMS] };
    /// The extent 1, which broadcasts.
    pub const ONE: Extent = Extent::new(1);

    /// A number. A number above `i64::MAX`, which no dimension has, gives the unknown extent.
    pub const fn new(n: usize) -> Extent {
        if n > i64::MAX as usize {
            return Extent::UNKNOWN;
        }
        Extent { konst: n as i64, terms: [NO_TERM; TERMS] }
    }

    /// The dimension variable with index `v`.
    pub const fn var(v: u8) -> Extent {
        let mut terms = [NO_TERM; TERMS];
        terms[0] = Term { coef: 1, vars: [v + 1, 0, 0, 0] };
        Extent { konst: 0, terms }
    }

    /// Whether this is the unknown extent.
    pub const fn is_unknown(&self) -> bool {
        self.konst == UNKNOWN
    }

    /// The number, if it is one.
    pub const fn value(&self) -> Option<usize> {
        if self.is_unknown() || self.terms[0].coef != 0 || self.konst < 0 {
            None
        } else {
            Some(self.konst as usize)
        }
    }

    /// Whether it is the number `n`.
    pub const fn is(&self, n: usize) -> bool {
        matches!(self.value(), Some(v) if v == n)
    }

    /// What can be proved about `self == other`.
    pub const fn relation(self, other: Extent) -> Relation {
        if self.is_unknown() || other.is_unknown() {
            return Relation::Unknown;
        }
        if self.konst != other.konst {
            return Relation::Different;
        }
        let mut i = 0;
        while i < TERMS {
            if self.terms[i].coef != other.terms[i].coef
                || order(self.terms[i].vars, other.terms[i].vars) != 0
            {
                return Relation::Different;
            }
            i += 1;
        }
        Relation::Equal
    }

    /// Whether both are known and not provably equal.
    pub const fn differs(self, other: Extent) -> bool {
        matches!(self.relation(other), Relation::Different)
    }

    /// `self + other`.
    pub const fn add(self, other: Extent) -> Extent {
        if self.is_unknown() || other.is_unknown() {
            return Extent::UNKNOWN;
        }
        let Some(konst) = self.konst.checked_add(other.konst) else { return Extent::UNKNOWN };
        let mut sum = Extent { konst, terms: self.terms };
        let mut i = 0;
        while i < TERMS {
            if other.terms[i].coef != 0 {
                sum = sum.add_term(other.terms[i]);
            }
            i += 1;
        }
        sum
    }

    /// `self - other`.
    pub const fn sub(self, other: Extent) -> Extent {
        self.add(other.scale(-1))
    }

    const fn scale(self, by: i32) -> Extent {
        if self.is_unknown() {
            return self;
        }
        let mut out = self;
        let Some(konst) = self.konst.checked_mul(by as i64) else { return Extent::UNKNOWN };
        out.konst = konst;
        let mut i = 0;
        while i < TERMS {
            let Some(coef) = self.terms[i].coef.checked_mul(by) else { return Extent::UNKNOWN };
            out.terms[i].coef = coef;
            i += 1;
        }
        out
    }

    /// `self * other`.
    pub const fn mul(self, other: Extent) -> Extent {
        if self.is_unknown() || other.is_unknown() {
            return Extent::UNKNOWN;
        }
        let mut out = Extent::new(0);
        let mut i = 0;
        while i <= TERMS {
            let mut j = 0;
            while j <= TERMS {
                out = out.add(product(self.part(i), other.part(j)));
                j += 1;
            }
            i += 1;
        }
        out
    }

    /// The exact quotient `self / other`, if the polynomials divide; otherwise unknown.
    pub const fn div(self, other: Extent) -> Extent {
        if let (Some(a), Some(b)) = (self.value(), other.value()) {
            return if b != 0 && a % b == 0 { Extent::new(a / b) } else { Extent::UNKNOWN };
        }
        if self.is_unknown() || other.is_unknown() {
            return Extent::UNKNOWN;
        }
        // A single monomial (or constant) divides, term by term.
        let (d_coef, d_vars) = if other.konst == 0 && other.terms[1].coef == 0 {
            (other.terms[0].coef as i64, other.terms[0].vars)
        } else if other.terms[0].coef == 0 {
            (other.konst, [0; 4])
        } else if matches!(self.relation(other), Relation::Equal) {
            return Extent::ONE;
        } else {
            return Extent::UNKNOWN;
        };
        if d_coef == 0 {
            return Extent::UNKNOWN;
        }
        let mut out = Extent::new(0);
        if self.konst != 0 {
            if d_vars[0] != 0 || self.konst % d_coef != 0 {
                return Extent::UNKNOWN;
            }
            out.konst = self.konst / d_coef;
        }
        let mut i = 0;
        while i < TERMS {
            let t = self.terms[i];
            if t.coef != 0 {
                if t.coef as i64 % d_coef != 0 {
                    return Extent::UNKNOWN;
                }
                let Some(vars) = without(t.vars, d_vars) else { return Extent::UNKNOWN };
                let coef = t.coef as i64 / d_coef;
                out = if vars[0] == 0 {
                    out.add(Extent { konst: coef, terms: [NO_TERM; TERMS] })
                } else {
                    out.add_term(Term { coef: coef as i32, vars })
                };
            }
            i += 1;
        }
        out
    }

    /// The value with the variables replaced by `bindings`.
    pub const fn substitute(self, bindings: &[Extent]) -> Extent {
        if self.is_unknown() {
            return self;
        }
        let mut out = Extent { konst: self.konst, terms: [NO_TERM; TERMS] };
        let mut i = 0;
        while i < TERMS {
            let t = self.terms[i];
            if t.coef != 0 {
                let mut part = Extent { konst: t.coef as i64, terms: [NO_TERM; TERMS] };
                let mut k = 0;
                while k < 4 {
                    if t.vars[k] != 0 {
                        let v = t.vars[k] as usize - 1;
                        part = if v < bindings.len() { part.mul(bindings[v]) } else { Extent::UNKNOWN };
                    }
                    k += 1;
                }
                out = out.add(part);
            }
            i += 1;
        }
        out
    }

    /// The variable, if the extent is exactly one variable.
    pub const fn as_var(&self) -> Option<u8> {
        let t = self.terms[0];
        if self.konst == 0 && t.coef == 1 && t.vars[0] != 0 && t.vars[1] == 0 && self.terms[1].coef == 0 {
            Some(t.vars[0] - 1)
        } else {
            None
        }
    }

    /// The `i`th monomial as an extent; the constant part last.
    const fn part(self, i: usize) -> Extent {
        let mut terms = [NO_TERM; TERMS];
        if i == TERMS {
            return Extent { konst: self.konst, terms };
        }
        terms[0] = self.terms[i];
        Extent { konst: 0, terms }
    }

    const fn add_term(self, t: Term) -> Extent {
        if self.is_unknown() || t.coef == 0 {
            return self;
        }
        let mut out = Extent { konst: self.konst, terms: [NO_TERM; TERMS] };
        let (mut n, mut i, mut pending) = (0, 0, true);
        while i < TERMS {
            let mut own = self.terms[i];
            if own.coef == 0 {
                break;
            }
            let cmp = order(own.vars, t.vars);
            if pending && cmp == 0 {
                let Some(coef) = own.coef.checked_add(t.coef) else { return Extent::UNKNOWN };
                own.coef = coef;
                pending = false;
            } else if pending && cmp > 0 {
                if n == TERMS {
                    return Extent::UNKNOWN;
                }
                out.terms[n] = t;
                n += 1;
                pending = false;
            }
            if own.coef != 0 {
                if n == TERMS {
                    return Extent::UNKNOWN;
                }
                out.terms[n] = own;
                n += 1;
            }
            i += 1;
        }
        if pending {
            if n == TERMS {
                return Extent::UNKNOWN;
            }
            out.terms[n] = t;
        }
        out
    }
}

/// The product of two single-part extents.
const fn product(a: Extent, b: Extent) -> Extent {
    let (ta, tb) = (a.terms[0], b.terms[0]);
    if (ta.coef == 0 && a.konst == 0) || (tb.coef == 0 && b.konst == 0) {
        return Extent::new(0);
    }
    let coef_a = if ta.coef == 0 { a.konst } else { ta.coef as i64 };
    let coef_b = if tb.coef == 0 { b.konst } else { tb.coef as i64 };
    let Some(coef) = coef_a.checked_mul(coef_b) else { return Extent::UNKNOWN };
    let Some(vars) = merge(ta.vars, tb.vars) else { return Extent::UNKNOWN };
    if vars[0] == 0 {
        return Extent { konst: coef, terms: [NO_TERM; TERMS] };
    }
    if coef > i32::MAX as i64 || coef < i32::MIN as i64 {
        return Extent::UNKNOWN;
    }
    let mut terms = [NO_TERM; TERMS];
    terms[0] = Term { coef: coef as i32, vars };
    Extent { konst: 0, terms }
}

/// Lexicographic order of two monomials by their variables, in the order of declaration; `B * C` comes before `B`.
const fn order(a: [u8; 4], b: [u8; 4]) -> i32 {
    let mut i = 0;
    while i < 4 {
        if a[i] != b[i] {
            // 0 means no variable.
            return if b[i] == 0 || (a[i] != 0 && a[i] < b[i]) { -1 } else { 1 };
        }
        i += 1;
    }
    0
}

const fn merge(a: [u8; 4], b: [u8; 4]) -> Option<[u8; 4]> {
    let (mut out, mut n, mut i, mut j) = ([0; 4], 0, 0, 0);
    loop {
        let (x, y) = (if i < 4 { a[i] } else { 0 }, if j < 4 { b[j] } else { 0 });
        if x == 0 && y == 0 {
            return Some(out);
        }
        if n == 4 {
            return None;
        }
        if x >= y {
            out[n] = x;
            i += 1;
        } else {
            out[n] = y;
            j += 1;
        }
        n += 1;
    }
}

/// `a` without the factors of `b`.
const fn without(a: [u8; 4], b: [u8; 4]) -> Option<[u8; 4]> {
    let (mut out, mut n, mut j, mut i) = ([0; 4], 0, 0, 0);
    while i < 4 {
        if j < 4 && b[j] != 0 && a[i] == b[j] {
            j += 1;
        } else if a[i] != 0 {
            out[n] = a[i];
            n += 1;
        }
        i += 1;
    }
    if j < 4 && b[j] != 0 { None } else { Some(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_have_one_normal_form() {
        let (b, t, c) = (Extent::var(0), Extent::var(1), Extent::var(2));
        assert_eq!(b.add(t).mul(c), b.mul(c).add(c.mul(t)));
        assert_eq!(b.add(t).sub(t), b);
        assert_eq!(b.sub(b), Extent::new(0));
        assert_eq!(Extent::new(3).mul(c).div(Extent::new(3)), c);
        assert_eq!(b.mul(c).div(c), b);
        assert_eq!(b.add(Extent::new(1)).sub(Extent::new(1)), b);
        assert!(b.div(c).is_unknown());
        assert_eq!(Extent::new(0).mul(b), Extent::new(0));
        assert_eq!(b.mul(t).substitute(&[Extent::new(4), Extent::new(5)]), Extent::new(20));
    }
}
