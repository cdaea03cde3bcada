//! Where a kernel reads and writes.

use super::Emitter;
use crate::codegen::Arg;
use crate::codegen::space::{Access, physical};
use thunder_core::exec::Place;
use thunder_core::kernel::region::NodeKind;
use thunder_core::trace::Value;

impl<'a> Emitter<'a> {
    /// The strides of every access, over the region's dimensions.
    pub fn all_strides(&self) -> Vec<Vec<usize>> {
        let dims = self.region.dims.len();
        let mut all: Vec<Vec<usize>> = Vec::new();
        for node in &self.region.nodes {
            match &node.kind {
                NodeKind::Load(at) => all.push(physical(at, self.place(node.value), dims, None).1),
                NodeKind::Take { data, at, axis } => {
                    all.push(physical(at, self.place(*data), dims, Some(*axis)).1)
                }
                NodeKind::Iota(at) => all.push(at.steps.clone()),
                NodeKind::Random { at, .. } => all.push(at.strides.clone()),
                _ => {}
            }
        }
        all.extend(self.region.results.iter().map(|(_, map)| map.strides.clone()));
        all
    }

    /// Every access to memory, with the offset of its pointer and its element size.
    pub fn memory(&self) -> Vec<(Access, usize, usize)> {
        let mut list: Vec<(Access, usize, usize)> = Vec::new();
        for i in 0..self.region.nodes.len() {
            if let Some((access, place)) = self.node_access(i) {
                list.push((access, place.layout.offset, place.dtype.size()));
            }
        }
        for r in 0..self.region.results.len() {
            list.push((self.result_access(r), self.writes[r].layout.offset, self.writes[r].dtype.size()));
        }
        list
    }

    pub fn operand(&self, v: Value) -> usize {
        self.params.iter().position(|&p| p == v).expect("an operand of a region is one of its parameters")
    }

    pub fn place(&self, v: Value) -> &'a Place {
        &self.reads[self.operand(v)]
    }

    /// Where a load or a lookup reads.
    pub fn node_access(&self, i: usize) -> Option<(Access, &'a Place)> {
        let node = &self.region.nodes[i];
        let (at, place, but) = match &node.kind {
            NodeKind::Load(at) => (at, self.place(node.value), None),
            NodeKind::Take { data, at, axis } => (at, self.place(*data), Some(*axis)),
            _ => return None,
        };
        let (offset, strides) = physical(at, place, self.region.dims.len(), but);
        Some((self.space.access(offset, &strides), place))
    }

    pub fn result_access(&self, r: usize) -> Access {
        let (_, map) = &self.region.results[r];
        self.space.access(map.offset, &map.strides)
    }

    /// The type of linear indices: 64 bits only where 32 do not suffice.
    pub fn index(&self) -> &'static str {
        let reach = |p: &Place| {
            p.layout.sizes.iter().zip(&p.layout.strides).map(|(n, s)| n.saturating_sub(1) * s).sum::<usize>()
        };
        let most =
            self.reads.iter().chain(self.writes).map(reach).chain([self.region.count()]).max().unwrap_or(0);
        // Room for the last block's overhang.
        if most < (1 << 31) - (1 << 20) { "unsigned" } else { "unsigned long long" }
    }

    pub fn extent(&self, n: usize) -> Arg {
        if self.index() == "unsigned" { Arg::U32(n as u32) } else { Arg::U64(n as u64) }
    }

    /// The index of the element that an access reaches here, at lane `lane` of a vector.
    pub fn address(&self, a: &Access, lane: Option<&str>) -> String {
        let mut terms = Vec::new();
        if a.offset != 0 {
            terms.push(format!("{}u", a.offset));
        }
        let sides = a.outer.iter().zip(&self.outer_at).chain(a.inner.iter().zip(&self.inner_at));
        for (&s, at) in sides {
            match s {
                0 => {}
                1 => terms.push(at.clone()),
                s if s > u32::MAX as usize => terms.push(format!("{at} * {s}ull")),
                s => terms.push(format!("{at} * {s}u")),
            }
        }
        if let Some(j) = lane {
            match a.lane() {
                0 => {}
                1 => terms.push(j.into()),
                s => terms.push(format!("{j} * {s}u")),
            }
        }
        if terms.is_empty() { "0".into() } else { terms.join(" + ") }
    }
}
