//! The cotangent of each tangent, summed over its uses.
//!
//! A use of a part of a tensor gives a cotangent that is zero outside the part. Adding these up one by one would
//! write the whole tensor once a part, which is quadratic in the steps of a loop that reads a slice each. So the parts
//! are kept as they are, and joined when the sum is asked for: slices by one concatenation, rows at computed indices by
//! one `index_add`.

use crate::op::{Lit, Op};
use crate::trace::{Builder, Kind, Value};
use crate::types::{Axis, Extent, Shape};
use rustc_hash::FxHashMap;

/// The cotangents of the tangents that were reached so far.
#[derive(Default)]
pub(super) struct Cotangents(FxHashMap<Value, Sum>);

impl Cotangents {
    /// Adds `ct` to the cotangent of `tangent`.
    pub fn add(&mut self, tangent: Value, ct: Value, b: &mut Builder) {
        self.0.entry(tangent).or_default().add(ct, b);
    }

    /// The whole cotangent of `tangent`, which is then forgotten; `None` if nothing was added.
    pub fn take(&mut self, tangent: Value, b: &mut Builder) -> Option<Value> {
        let mut sum = self.0.remove(&tangent)?;
        sum.join(b);
        sum.whole
    }
}

/// A sum under way.
#[derive(Default)]
struct Sum {
    /// What was added up so far.
    whole: Option<Value>,
    /// The extents of the tensor.
    sizes: Vec<usize>,
    /// What is still to be joined and added.
    slices: Vec<Slice>,
    /// Where a slice stands in `slices`.
    places: FxHashMap<Region, usize>,
    lookups: Vec<Lookup>,
    /// The elements of `slices` and `lookups`.
    pending: usize,
}

/// The first and the last element (exclusive) of a part along each dimension.
type Region = (Vec<usize>, Vec<usize>);

/// A cotangent that is zero outside a slice.
struct Slice {
    region: Region,
    value: Value,
    /// The same with its zeros, where that is in the trace already.
    padded: Option<Value>,
}

/// A cotangent whose slices along an axis go to computed indices.
struct Lookup {
    axis: Axis,
    extent: Extent,
    value: Value,
    indices: Value,
    added: Value,
}

impl Sum {
    fn add(&mut self, ct: Value, b: &mut Builder) {
        let Some((Kind::Op(op), args)) = b.trace.def(ct).map(|i| (i.kind, i.args.clone())) else {
            return self.plus(ct, b);
        };
        match op {
            Op::Pad { lo, hi, value } if value != Lit::Free && value.to_f64() == 0.0 => {
                self.make_room(b.ty(args[0]).count(), ct, b);
                self.sizes = b.sizes(ct);
                let end = self.sizes.iter().zip(hi.sizes()).map(|(n, hi)| n - hi).collect();
                let region = (lo.sizes(), end);
                match self.places.get(&region) {
                    Some(&at) => {
                        let sum = b.add(self.slices[at].value, args[0]);
                        (self.slices[at].value, self.slices[at].padded) = (sum, None);
                    }
                    None => {
                        self.places.insert(region.clone(), self.slices.len());
                        self.slices.push(Slice { region, value: args[0], padded: Some(ct) });
                    }
                }
            }
            Op::IndexAdd { axis, extent } => {
                self.make_room(b.ty(args[0]).count(), ct, b);
                self.lookups.push(Lookup { axis, extent, value: args[0], indices: args[1], added: ct });
            }
            _ => self.plus(ct, b),
        }
    }

    /// Parts together take no more memory than the whole does: those that overlap would.
    fn make_room(&mut self, elements: usize, ct: Value, b: &mut Builder) {
        if self.pending + elements > b.ty(ct).count() {
            self.join(b);
        }
        self.pending += elements;
    }

    fn plus(&mut self, ct: Value, b: &mut Builder) {
        self.whole = Some(match self.whole {
            Some(have) => b.add(have, ct),
            None => ct,
        });
    }

    /// Adds what is pending.
    fn join(&mut self, b: &mut Builder) {
        self.pending = 0;
        self.places.clear();
        let slices = std::mem::take(&mut self.slices);
        for slice in joined(slices, self.sizes.len(), b) {
            let (lo, end) = &slice.region;
            let hi: Vec<usize> = self.sizes.iter().zip(end).map(|(n, end)| n - end).collect();
            let ct = slice.padded.unwrap_or_else(|| b.pad_zero(slice.value, lo, &hi));
            self.plus(ct, b);
        }
        let mut lookups = std::mem::take(&mut self.lookups);
        while let Some(first) = lookups.first() {
            let kind = (first.axis, first.extent, b.dtype(first.indices));
            let alike = |l: &Lookup| (l.axis, l.extent, b.dtype(l.indices)) == kind;
            let (group, rest): (Vec<Lookup>, Vec<Lookup>) = lookups.into_iter().partition(alike);
            let ct = looked_up(&group, b);
            self.plus(ct, b);
            lookups = rest;
        }
    }
}

/// The slices, with those that lie behind each other along an axis made one.
fn joined(mut slices: Vec<Slice>, rank: usize, b: &mut Builder) -> Vec<Slice> {
    for axis in 0..rank {
        if slices.len() < 2 {
            break;
        }
        // The place of each row of slices: those of one extent in all other dimensions.
        let (mut places, mut rows) = (FxHashMap::default(), Vec::<Vec<Slice>>::new());
        for s in slices {
            let (mut lo, mut end) = s.region.clone();
            (lo[axis], end[axis]) = (0, 0);
            let at = *places.entry((lo, end)).or_insert(rows.len());
            if at == rows.len() {
                rows.push(Vec::new());
            }
            rows[at].push(s);
        }
        slices = rows.into_iter().flat_map(|row| lines(row, axis)).map(|line| cat(line, axis, b)).collect();
    }
    slices
}

/// The slices of a row in order, those that overlap in different lines.
fn lines(mut row: Vec<Slice>, axis: usize) -> Vec<Vec<Slice>> {
    row.sort_by_key(|s| s.region.0[axis]);
    let mut lines: Vec<Vec<Slice>> = Vec::new();
    for s in row {
        let fits = |l: &&mut Vec<Slice>| l.last().is_some_and(|l| l.region.1[axis] <= s.region.0[axis]);
        match lines.iter_mut().find(fits) {
            Some(line) => line.push(s),
            None => lines.push(vec![s]),
        }
    }
    lines
}

/// The slices of a line as one, zeros between them.
fn cat(mut line: Vec<Slice>, axis: usize, b: &mut Builder) -> Slice {
    let (Some(last), true) = (line.last().map(|s| s.region.1[axis]), line.len() > 1) else {
        return line.remove(0);
    };
    let mut region = line[0].region.clone();
    let (mut at, mut parts) = (region.0[axis], Vec::with_capacity(line.len()));
    for s in &line {
        let from = s.region.0[axis];
        if from > at {
            let mut gap = b.sizes(s.value);
            gap[axis] = from - at;
            let zero = b.scalar_like(s.value, 0.0);
            parts.push(b.expand(zero, Shape::of(&gap)));
        }
        parts.push(s.value);
        at = s.region.1[axis];
    }
    region.1[axis] = last;
    let value = b.op(Op::Cat { axis: Axis(axis as i32) }, &parts);
    Slice { region, value, padded: None }
}

/// One `index_add` of all slices at computed indices, which are of one extent and type.
fn looked_up(group: &[Lookup], b: &mut Builder) -> Value {
    let first = &group[0];
    if group.len() == 1 {
        return first.added;
    }
    let axis = first.axis.0.max(0) as usize;
    let (mut values, mut indices) = (Vec::new(), Vec::new());
    for l in group {
        // The dimensions of the indices as one.
        let (sizes, rank, count) = (b.sizes(l.value), b.rank(l.indices), b.ty(l.indices).count());
        let flat = [&sizes[..axis], &[count], &sizes[axis + rank..]].concat();
        values.push(b.reshape(l.value, Shape::of(&flat)));
        indices.push(b.reshape(l.indices, Shape::of(&[count])));
    }
    let value = b.op(Op::Cat { axis: first.axis }, &values);
    let index = b.op(Op::Cat { axis: Axis(0) }, &indices);
    b.op(Op::IndexAdd { axis: first.axis, extent: first.extent }, &[value, index])
}
