//! Random draws: the Philox blocks of a vector of elements, and each element's share of them.

use super::Emitter;
use crate::codegen::expr::computed;
use thunder_core::kernel::region::NodeKind;
use thunder_core::op::Op;
use thunder_core::trace::Value;
use thunder_core::types::DType;

impl Emitter<'_> {
    /// Draws the Philox blocks of a vector of random elements at once, where its lanes lie in whole blocks.
    pub fn draws(&mut self, i: usize) {
        let NodeKind::Random { op, key, at } = &self.region.nodes[i].kind else { return };
        let lanes = lanes_of(op);
        let access = self.space.access(at.offset, &at.strides);
        let inner = access.inner.len().saturating_sub(1);
        let even = |n: &usize| n.is_multiple_of(lanes.min(self.width));
        let whole = access.lane() == 1
            && even(&access.offset)
            && access.outer.iter().chain(&access.inner[..inner]).all(even);
        if !whole {
            return;
        }
        let (blocks, stream) = ((self.width / lanes).max(1), stream_of(op));
        let (key, at) = (self.key(*key), self.address(&access, None));
        self.code.line(format!("const Index i{i} = {at};"));
        for b in 0..blocks {
            let plus = if b == 0 { String::new() } else { format!(" + {b}u") };
            self.code
                .line(format!("const uint4 w{i}_{b} = philox({key}, i{i} / {lanes}u{plus}, {stream}u);"));
        }
        self.vectors.insert(i, format!("w{i}"));
    }

    pub fn key(&self, key: Value) -> String {
        let p = self.operand(key);
        let step = self.reads[p].layout.strides[0];
        format!("make_uint2(p{p}[0], p{p}[{step}u])")
    }

    #[allow(clippy::too_many_arguments)]
    pub fn random(
        &self,
        i: usize,
        op: &Op,
        key: Value,
        offset: usize,
        strides: &[usize],
        d: DType,
        lane: Option<&str>,
    ) -> String {
        let lanes = lanes_of(op);
        let access = self.space.access(offset, strides);
        // The block, and the lane in it.
        let (block, at) = match (self.vectors.get(&i), lane) {
            (Some(w), Some(j)) if self.width <= lanes => {
                (format!("{w}_0"), format!("(i{i} % {lanes}u + {j})"))
            }
            (Some(w), Some(j)) => {
                let blocks = self.width / lanes;
                let mut pick = format!("{w}_{}", blocks - 1);
                for b in (0..blocks - 1).rev() {
                    pick = format!("{j} < {} ? {w}_{b} : {pick}", (b + 1) * lanes);
                }
                (format!("({pick})"), format!("({j} % {lanes})"))
            }
            _ => {
                let at = self.address(&access, lane);
                (
                    format!("philox({}, ({at}) / {lanes}u, {}u)", self.key(key), stream_of(op)),
                    format!("(({at}) % {lanes}u)"),
                )
            }
        };
        match op {
            Op::Bernoulli { p, .. } => {
                let below = (p.to_f64() * 65536.0).round() as u32;
                format!("(word({block}, {at} / 2) >> (16 * ({at} & 1)) & 0xffffu) < {below}u")
            }
            Op::Normal { .. } => {
                let draw = format!(
                    "normal({}, word({block}, 2 * {at}), word({block}, 2 * {at} + 1))",
                    if d == DType::F64 { "0.0" } else { "0.0f" }
                );
                draw
            }
            _ => format!("({})unit(word({block}, {at}))", computed(d)),
        }
    }
}

/// Elements that one Philox block gives.
fn lanes_of(op: &Op) -> usize {
    match op {
        Op::Bernoulli { .. } => 8,
        Op::Normal { .. } => 2,
        _ => 4,
    }
}

fn stream_of(op: &Op) -> u32 {
    u32::from(matches!(op, Op::Normal { .. }))
}
