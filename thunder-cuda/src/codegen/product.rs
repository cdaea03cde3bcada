//! What a matrix product is to the library: the operands as column-major matrices, where that needs no copies.

use thunder_core::exec::{Base, Layout, Place};
use thunder_core::types::DType;

/// One operand as the library sees it: a column-major matrix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Matrix {
    /// Its rows.
    pub rows: u64,
    /// Its columns.
    pub columns: u64,
    /// Elements from column to column.
    pub step: i64,
    /// Whether the operand is its transpose.
    pub transposed: bool,
    /// Elements from one product of the batch to the next.
    pub batch: i64,
    /// The alignment of its address in bytes, up to 256.
    pub alignment: u32,
}

/// What a product is, apart from addresses. Row-major `C = A B` is column-major `Cᵀ = Bᵀ Aᵀ`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    /// The operands' element type.
    pub dtype: DType,
    /// The result's: theirs, or f32 where they are 16-bit floats.
    pub result: DType,
    /// `Bᵀ`.
    pub first: Matrix,
    /// `Aᵀ`.
    pub second: Matrix,
    /// `Cᵀ`.
    pub out: Matrix,
    /// Products of the batch.
    pub count: i32,
    /// Whether a vector is added to every row of the result before it is rounded.
    pub bias: bool,
    /// Element offsets of `A`, `B` and `C` of each launch.
    pub offsets: Vec<[usize; 3]>,
}

/// The matrix that a row-major operand is to the library, if it is one; `sr` is its row stride.
fn matrix(place: &Place, batch: usize, (r, sr): (usize, usize)) -> Option<Matrix> {
    let l = &place.layout;
    let rank = l.sizes.len();
    let (c, sc) = (l.sizes[rank - 1], l.strides[rank - 1]);
    let start = l.offset * place.dtype.size() + if let Base::Arena(at) = place.base { at } else { 0 };
    let alignment = if start == 0 { 256 } else { 1 << start.trailing_zeros().min(8) };
    let whole = |step: usize, least: usize, single: bool| match single {
        true => Some(least.max(1)),
        false if step >= least => Some(step),
        false => None,
    };
    let (transposed, rows, columns, step) = if sc == 1 || c == 1 {
        (false, c, r, whole(sr, c, r == 1)?)
    } else if sr == 1 || r == 1 {
        (true, r, c, whole(sc, r, c == 1)?)
    } else {
        return None;
    };
    let (rows, columns, step) = (rows as u64, columns as u64, step as i64);
    Some(Matrix { rows, columns, step, transposed, batch: batch as i64, alignment })
}

impl Shape {
    /// The product of `a` and `b` into `out`, if the library can run it without copies.
    pub fn of(a: &Place, b: &Place, out: &Place) -> Option<Shape> {
        let lead = |l: &Layout, rank: usize| -> Vec<(usize, usize)> {
            let own = l.sizes.len();
            (0..rank - 2)
                .map(|d| match (d + own).checked_sub(rank) {
                    Some(i) if l.sizes[i] != 1 => (l.sizes[i], l.strides[i]),
                    _ => (1, 0),
                })
                .collect()
        };
        let rank = out.layout.sizes.len();
        let (la, lb, lc) = (lead(&a.layout, rank), lead(&b.layout, rank), lead(&out.layout, rank));
        // Leading dimensions that advance together act as one.
        let mut dims: Vec<(usize, [usize; 3])> = Vec::new();
        for d in 0..rank - 2 {
            let n = out.layout.sizes[d];
            let s = [la[d].1, lb[d].1, lc[d].1];
            match dims.last_mut() {
                _ if n == 1 => {}
                Some((m, t)) if (0..3).all(|i| t[i] == s[i] * n) => (*m, *t) = (*m * n, s),
                _ => dims.push((n, s)),
            }
        }
        let mut rows = out.layout.sizes[rank - 2];
        let mut step = a.layout.strides[a.layout.sizes.len() - 2];
        let (n, mut row) = (out.layout.sizes[rank - 1], out.layout.strides[rank - 2]);
        // A batch that shares `B` is one product with more rows.
        while let Some(&(count, [sa, 0, sc])) = dims.last() {
            if rows != 1 && (sc != rows * row || sa != rows * step) {
                break;
            }
            if rows == 1 {
                if sc < n {
                    break;
                }
                (step, row) = (sa, sc);
            }
            rows *= count;
            dims.pop();
        }
        // One launch takes one batch: the largest, the others are launches.
        let largest = (0..dims.len()).max_by_key(|&d| dims[d].0);
        let (count, [sa, sb, sc]) = largest.map_or((1, [0; 3]), |d| dims.remove(d));
        let mut offsets = vec![[0; 3]];
        for (n, s) in dims {
            offsets = offsets
                .iter()
                .flat_map(|o| (0..n).map(move |i| [0, 1, 2].map(|k| o[k] + i * s[k])))
                .collect();
        }
        let inner = b.layout.sizes[b.layout.sizes.len() - 2];
        let mut shape = Shape {
            dtype: a.dtype,
            result: out.dtype,
            first: matrix(b, sb, (inner, b.layout.strides[b.layout.sizes.len() - 2]))?,
            second: matrix(a, sa, (rows, step))?,
            out: matrix(out, sc, (rows, row)).filter(|m| !m.transposed)?,
            count: count as i32,
            bias: false,
            offsets,
        };
        // The operands' size, which is the lesser one.
        let size = a.dtype.size();
        for o in &shape.offsets {
            let least = |m: &mut Matrix, at: usize| {
                if at != 0 {
                    m.alignment = m.alignment.min(1 << (at * size).trailing_zeros().min(8));
                }
            };
            least(&mut shape.second, o[0]);
            least(&mut shape.first, o[1]);
            least(&mut shape.out, o[2]);
        }
        for m in [&mut shape.first, &mut shape.second, &mut shape.out] {
            if m.batch != 0 && count > 1 {
                m.alignment = m.alignment.min(1 << (m.batch as usize * size).trailing_zeros().min(8));
            }
        }
        Some(shape)
    }

    /// With `bias` added to every row, if the library can read it.
    pub fn with_bias(mut self, bias: &Place) -> Option<Shape> {
        let l = &bias.layout;
        let dense = l.sizes.len() == 1 && (l.strides[0] == 1 || l.sizes[0] == 1);
        self.bias = true;
        (dense && (l.offset * bias.dtype.size()).is_multiple_of(16)).then_some(self)
    }
}
