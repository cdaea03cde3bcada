//! How a tile's elements lie in memory.

use crate::types::DType;

/// Along which sides of the space a value changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Class {
    pub outer: bool,
    pub inner: bool,
}

impl Class {
    /// One element for each point.
    pub const FULL: Class = Class { outer: true, inner: true };
    /// One element for all.
    pub const CONST: Class = Class { outer: false, inner: false };
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match (self.outer, self.inner) {
            (true, true) => "[r, n]",
            (true, false) => "[r]",
            (false, true) => "[n]",
            (false, false) => "",
        })
    }
}

/// A tile's part of the space, or of one side of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub row: usize,
    pub rows: usize,
    pub col: usize,
    pub n: usize,
}

impl Span {
    /// The part of it along which a value of class `class` changes.
    pub fn of(self, class: Class) -> Span {
        let Span { row, rows, col, n } = self;
        let (row, rows) = if class.outer { (row, rows) } else { (0, 1) };
        let (col, n) = if class.inner { (col, n) } else { (0, 1) };
        Span { row, rows, col, n }
    }
}

/// An affine function of the space: element numbers in memory, counted from the first element of the operand or
/// result, or coordinates.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// Which pointer of the step.
    pub pointer: usize,
    /// The element type in memory.
    pub dtype: DType,
    offset: usize,
    /// (extent, step) of each outer dimension.
    outer: Vec<(usize, usize)>,
    /// (extent, step) of each inner dimension.
    inner: Vec<(usize, usize)>,
    /// The step from row to row, where it is the same for all rows.
    pub row_step: Option<usize>,
    /// The step from element to element of a row, where it is the same for all.
    pub col_step: Option<usize>,
}

/// The one step that walks all of these dimensions in order, if there is one.
fn even(dims: &[(usize, usize)]) -> Option<usize> {
    let fits = dims.windows(2).all(|w| w[0].1 == w[1].1 * w[1].0);
    fits.then(|| dims.last().map_or(0, |d| d.1))
}

impl Access {
    pub fn new(
        pointer: usize,
        dtype: DType,
        offset: usize,
        outer: &[usize],
        outer_steps: &[usize],
        inner: &[usize],
        inner_steps: &[usize],
    ) -> Access {
        let zip = |a: &[usize], b: &[usize]| a.iter().copied().zip(b.iter().copied()).collect::<Vec<_>>();
        let (outer, inner) = (zip(outer, outer_steps), zip(inner, inner_steps));
        let (row_step, col_step) = (even(&outer), even(&inner));
        Access { pointer, dtype, offset, outer, inner, row_step, col_step }
    }

    /// Whether it changes along rows.
    pub fn inner_moves(&self) -> bool {
        self.inner.iter().any(|d| d.1 != 0)
    }

    /// Whether it changes from row to row.
    pub fn outer_moves(&self) -> bool {
        self.outer.iter().any(|d| d.1 != 0)
    }

    /// Along which sides it changes.
    pub fn class(&self) -> Class {
        Class { outer: self.outer_moves(), inner: self.inner_moves() }
    }

    /// Whether a row's elements lie side by side, in the form that registers have.
    pub fn is_plain(&self) -> bool {
        self.col_step.is_none_or(|s| s <= 1) && self.col_step == Some(1) && self.is_wide()
    }

    /// Whether memory and registers hold elements in the same form.
    pub fn is_wide(&self) -> bool {
        !matches!(self.dtype, DType::F16 | DType::BF16)
    }

    /// The element at the start of row `row`.
    pub fn at_row(&self, row: usize) -> usize {
        self.offset + Self::walk(&self.outer, row)
    }

    /// The element at a point.
    pub fn at(&self, row: usize, col: usize) -> usize {
        self.at_row(row) + Self::walk(&self.inner, col)
    }

    fn walk(dims: &[(usize, usize)], mut i: usize) -> usize {
        if let [(_, step)] = dims {
            return i * step;
        }
        let mut at = 0;
        for &(n, step) in dims.iter().rev() {
            // Where a dimension is empty nothing is read, but its start is asked for.
            let n = n.max(1);
            at += i % n * step;
            i /= n;
        }
        at
    }

    /// The step between the rows of `span`, if it is the same for all of them.
    pub fn row_step_in(&self, span: Span) -> Option<usize> {
        if span.rows <= 1 || self.row_step.is_some() {
            return Some(self.row_step.unwrap_or(0));
        }
        let &(n, step) = self.outer.last()?;
        (span.row % n.max(1) + span.rows <= n).then_some(step)
    }

    /// Calls `f(place, element, step, count)` for runs that cover the span row by row: `count` elements,
    /// `step` apart from `element` on, are the span's elements from number `place` on.
    #[inline]
    pub fn runs(&self, span: Span, mut f: impl FnMut(usize, usize, usize, usize)) {
        for r in 0..span.rows {
            let row = self.at_row(span.row + r);
            let place = r * span.n;
            if let Some(step) = self.col_step {
                f(place, row + step * span.col, step, span.n);
                continue;
            }
            let (n, step) = self.inner.last().copied().unwrap_or((1, 0));
            let mut col = span.col;
            let end = span.col + span.n;
            while col < end {
                let count = (n - col % n).min(end - col);
                f(place + col - span.col, row + Self::walk(&self.inner, col), step, count);
                col += count;
            }
        }
    }
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}[{}", self.pointer, self.offset)?;
        let mut side = |letter: char, dims: &[(usize, usize)]| {
            for (i, (_, step)) in dims.iter().enumerate().filter(|(_, d)| d.1 != 0) {
                write!(f, " + {step}{letter}{}", if dims.len() > 1 { i.to_string() } else { String::new() })?;
            }
            Ok(())
        };
        side('r', &self.outer)?;
        side('n', &self.inner)?;
        write!(f, "]")
    }
}
