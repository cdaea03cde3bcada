//! Where a value's elements lie in its buffer.

use super::region::row_major;
use crate::op::Op;

/// A strided view of a buffer, counted in elements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The first element.
    pub offset: usize,
    /// The extents.
    pub sizes: Vec<usize>,
    /// The step between neighbours along each dimension; 0 repeats an element.
    pub strides: Vec<usize>,
}

impl Layout {
    /// Row-major from the start of the buffer.
    pub fn contiguous(sizes: &[usize]) -> Layout {
        Layout { offset: 0, sizes: sizes.to_vec(), strides: row_major(sizes) }
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Whether the elements lie one after another in row-major order.
    pub fn is_contiguous(&self) -> bool {
        let rm = row_major(&self.sizes);
        self.count() <= 1 || (0..self.sizes.len()).all(|i| self.sizes[i] == 1 || self.strides[i] == rm[i])
    }

    /// The layout of a view of this value with extents `to`; `None` if it has none and must be copied.
    pub fn view(&self, op: &Op, to: &[usize]) -> Option<Layout> {
        let (sizes, mut offset) = (to.to_vec(), self.offset);
        let strides = match op {
            Op::Reshape { .. } => return self.reshape(to),
            Op::Permute { axes } => {
                axes.resolved(self.sizes.len()).into_iter().map(|a| self.strides[a]).collect()
            }
            Op::Expand { .. } => {
                let skip = to.len() - self.sizes.len();
                let step =
                    |i: usize| if i < skip || self.sizes[i - skip] == 1 { 0 } else { self.strides[i - skip] };
                (0..to.len()).map(step).collect()
            }
            Op::Slice { start, .. } => {
                offset += start.sizes().iter().zip(&self.strides).map(|(a, b)| a * b).sum::<usize>();
                self.strides.clone()
            }
            _ => self.strides.clone(),
        };
        Some(Layout { offset, sizes, strides })
    }

    /// The same elements in another shape, if strides can say it.
    pub fn reshape(&self, to: &[usize]) -> Option<Layout> {
        if self.is_contiguous() || self.count() == 0 {
            return Some(Layout { offset: self.offset, sizes: to.to_vec(), strides: row_major(to) });
        }
        // Dimensions that lie one after another in memory act as one; each such run is split anew.
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (&n, &s) in self.sizes.iter().zip(&self.strides) {
            match runs.last_mut() {
                _ if n == 1 => {}
                Some((m, t)) if *t == s * n => (*m, *t) = (*m * n, s),
                _ => runs.push((n, s)),
            }
        }
        let (mut strides, mut run, mut left) = (vec![0; to.len()], runs.len(), 1);
        let mut step = 0;
        for i in (0..to.len()).rev() {
            if to[i] == 1 {
                continue;
            }
            if left == 1 {
                run = run.checked_sub(1)?;
                (left, step) = runs[run];
            }
            if left % to[i] != 0 {
                return None;
            }
            strides[i] = step;
            step *= to[i];
            left /= to[i];
        }
        Some(Layout { offset: self.offset, sizes: to.to_vec(), strides })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshape_keeps_strides_where_it_can() {
        let x = Layout { offset: 3, sizes: vec![4, 6, 5], strides: vec![60, 10, 1] };
        assert_eq!(x.reshape(&[2, 2, 6, 5]).unwrap().strides, [120, 60, 10, 1]);
        assert_eq!(x.reshape(&[24, 5]).unwrap().strides, [10, 1]);
        assert_eq!(x.reshape(&[4, 3, 2, 1, 5]).unwrap().strides, [60, 20, 10, 0, 1]);
        assert!(x.reshape(&[4, 30]).is_none());
    }
}
