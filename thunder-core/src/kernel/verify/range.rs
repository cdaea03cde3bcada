//! The values that an index can take, as far as they are known before the kernel runs.

use crate::kernel::ir::{Bin, Expr, Kernel, Param, Var};
use std::collections::HashMap;

/// The numbers `lo`, `lo + step`, .. up to `hi`; none where `hi` is less than `lo`. A step of 0 is one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub lo: i128,
    pub hi: i128,
    step: i128,
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Range {
    pub fn one(n: i128) -> Range {
        Range { lo: n, hi: n, step: 0 }
    }

    /// The numbers from `lo`, `step` apart, below `end`.
    fn below(lo: i128, step: i128, end: i128) -> Range {
        Range { lo, hi: end, step }.at_most(end - 1)
    }

    /// Those that are `most` or less.
    pub fn at_most(self, most: i128) -> Range {
        let hi = self.hi.min(most);
        let over = if self.step > 0 { (hi - self.lo).rem_euclid(self.step) } else { 0 };
        Range { hi: hi - over, ..self }
    }

    /// Those that are `least` or more.
    fn at_least(self, least: i128) -> Range {
        let below = (least - self.lo).max(0);
        let steps = if self.step > 0 { below + (-below).rem_euclid(self.step) } else { below };
        Range { lo: self.lo + steps, ..self }
    }

    pub fn is_empty(self) -> bool {
        self.hi < self.lo
    }

    fn add(self, o: Range) -> Range {
        Range { lo: self.lo + o.lo, hi: self.hi + o.hi, step: gcd(self.step, o.step) }
    }

    fn sub(self, o: Range) -> Option<Range> {
        // Indices have no sign.
        (self.lo >= o.hi).then(|| Range {
            lo: self.lo - o.hi,
            hi: self.hi - o.lo,
            step: gcd(self.step, o.step),
        })
    }

    fn mul(self, o: Range) -> Range {
        let step = match (self.step, o.step) {
            (s, 0) => s * o.lo,
            (0, s) => s * self.lo,
            _ => 1,
        };
        Range { lo: self.lo * o.lo, hi: self.hi * o.hi, step }
    }

    fn div(self, n: i128) -> Range {
        let whole = self.step % n == 0 && self.lo % n == 0;
        let step = if whole { self.step / n } else { 1 };
        Range { lo: self.lo / n, hi: self.hi / n, step: if self.step == 0 { 0 } else { step } }
    }

    fn rem(self, n: i128) -> Range {
        if self.hi < n {
            return self;
        }
        let step = gcd(self.step, n).max(1);
        let lo = self.lo % step;
        Range { lo, hi: lo + (n - 1 - lo) / step * step, step }
    }

    fn or(self, o: Range) -> Range {
        let step = gcd(gcd(self.step, o.step), (self.lo - o.lo).abs());
        Range { lo: self.lo.min(o.lo), hi: self.hi.max(o.hi), step }
    }
}

/// Whether an index depends on a variable.
fn mentions(e: &Expr, v: Var) -> bool {
    match e {
        Expr::Var(other) => *other == v,
        Expr::Bin(_, x, y) => mentions(x, v) || mentions(y, v),
        Expr::Cast(_, x) => mentions(x, v),
        Expr::If(c, x, y) => mentions(c, v) || mentions(x, v) || mentions(y, v),
        _ => false,
    }
}

/// What is known of the indices at one point of a kernel.
pub(super) struct Known<'a> {
    kernel: &'a Kernel,
    /// The values of variables; none for one that is not bounded.
    pub vars: HashMap<Var, Option<Range>>,
    /// What variables are defined as.
    pub defined: HashMap<Var, Expr>,
    /// Expressions that lie between two numbers here, by the conditions around.
    pub bounds: Vec<(Expr, i128, i128)>,
}

impl<'a> Known<'a> {
    pub fn new(kernel: &'a Kernel) -> Known<'a> {
        let extents = kernel.params.iter().filter_map(|p| match p {
            Param::Extent(var, n) => Some((*var, Some(Range::one(*n as i128)))),
            _ => None,
        });
        Known { kernel, vars: extents.collect(), defined: HashMap::new(), bounds: Vec::new() }
    }

    /// The values of `e` here; `None` if they are not bounded.
    pub fn range(&self, e: &Expr) -> Option<Range> {
        let plain = self.unbounded(e);
        let bounds = self.bounds.iter().filter(|(x, ..)| x == e);
        let (least, most) = bounds.fold((0, i128::MAX), |(lo, hi), b| (b.1.max(lo), b.2.min(hi)));
        match plain {
            Some(range) => Some(range.at_least(least).at_most(most)),
            None if most < i128::MAX => Some(Range { lo: least, hi: most, step: 1 }),
            None => None,
        }
    }

    fn unbounded(&self, e: &Expr) -> Option<Range> {
        let launch = &self.kernel.launch;
        Some(match e {
            Expr::Var(v) => self.vars.get(v).copied().flatten()?,
            Expr::Num(n) => Range::one(*n as i128),
            Expr::Thread => Range::below(0, 1, launch.threads as i128),
            Expr::Block(axis) => Range::below(0, 1, launch.grid[*axis] as i128),
            Expr::Blocks(axis) => Range::one(launch.grid[*axis] as i128),
            Expr::Cast(_, x) => self.range(x)?,
            Expr::Get(a, _) => {
                let most = self.kernel.array(*a).most?;
                Range::below(0, 1, most as i128)
            }
            Expr::Bin(op, x, y) => {
                let (x, y) = (self.range(x)?, self.range(y)?);
                match op {
                    Bin::Add => x.add(y),
                    Bin::Sub => x.sub(y)?,
                    Bin::Mul => x.mul(y),
                    Bin::Div if y.step == 0 && y.lo > 0 => x.div(y.lo),
                    Bin::Rem if y.step == 0 && y.lo > 0 => x.rem(y.lo),
                    _ => return None,
                }
            }
            Expr::If(c, x, y) => {
                let arm = |e: &Expr, holds: bool| {
                    let mut inside = Known {
                        kernel: self.kernel,
                        vars: self.vars.clone(),
                        defined: self.defined.clone(),
                        bounds: self.bounds.clone(),
                    };
                    inside.assume(c, holds).then(|| inside.range(e))
                };
                match (arm(x, true), arm(y, false)) {
                    (Some(x), Some(y)) => x?.or(y?),
                    (Some(one), None) | (None, Some(one)) => one?,
                    (None, None) => return None,
                }
            }
            _ => return None,
        })
    }

    /// The values of a loop's index: none where the loop is not entered.
    pub fn walked(&self, start: &Expr, end: &Expr, step: &Expr) -> Option<Range> {
        let (start, end, step) = (self.range(start)?, self.range(end)?, self.range(step)?);
        Some(Range::below(start.lo, gcd(start.step, step.lo), end.hi))
    }

    /// Notes that `condition` holds, or that it does not. Gives whether it can.
    pub fn assume(&mut self, condition: &Expr, holds: bool) -> bool {
        match condition {
            Expr::Var(v) => match self.defined.get(v).cloned() {
                Some(e) => self.assume(&e, holds),
                None => true,
            },
            Expr::Not(x) => self.assume(x, !holds),
            Expr::Bin(Bin::And, x, y) if holds => self.assume(x, true) && self.assume(y, true),
            Expr::Bin(Bin::Lt, x, y) => self.below(x, y, holds),
            Expr::Bin(Bin::Ge, x, y) => self.below(x, y, !holds),
            Expr::Bin(Bin::Eq, x, y) if holds => match self.range(y) {
                Some(y) => self.bound(x, 0, y.hi),
                None => true,
            },
            Expr::InRange(x, extent) if holds => self.bound(x, 0, *extent as i128 - 1),
            _ => true,
        }
    }

    /// Notes that `x < y`, or that `x >= y`.
    fn below(&mut self, x: &Expr, y: &Expr, holds: bool) -> bool {
        let (of_x, of_y) = (self.range(x), self.range(y));
        let x_fits = match of_y {
            Some(y) if holds => self.bound(x, 0, y.hi - 1),
            Some(y) => self.bound(x, y.lo, i128::MAX),
            None => true,
        };
        let y_fits = match of_x {
            Some(x) if holds => self.bound(y, x.lo + 1, i128::MAX),
            Some(x) => self.bound(y, 0, x.hi),
            None => true,
        };
        x_fits && y_fits
    }

    /// Forgets what conditions said of a variable, because it is assigned.
    pub fn forget(&mut self, v: Var) {
        for (x, least, most) in &mut self.bounds {
            if mentions(x, v) {
                (*least, *most) = (0, i128::MAX);
            }
        }
    }

    fn bound(&mut self, x: &Expr, least: i128, most: i128) -> bool {
        self.bounds.push((x.clone(), least, most));
        // What it is a multiple of, is bounded too.
        if let Expr::Var(v) = x
            && let Some(Expr::Bin(Bin::Mul, factor, by)) = self.defined.get(v)
            && let Expr::Num(n) = **by
        {
            self.bounds.push(((**factor).clone(), 0, most / n as i128));
        }
        self.range(x).is_none_or(|r| !r.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_kept() {
        let lanes = Range::below(0, 1, 32).mul(Range::one(8));
        assert_eq!((lanes.lo, lanes.hi, lanes.step), (0, 248, 8));
        assert_eq!(lanes.at_most(99).hi, 96);
        assert_eq!(lanes.rem(64), Range { lo: 0, hi: 56, step: 8 });
        assert_eq!(lanes.div(8), Range::below(0, 1, 32));
        assert!(Range::below(0, 1, 0).is_empty());
        assert_eq!(Range::one(3).sub(Range::one(4)), None);
    }
}
