//! Random draws: the Philox blocks of a vector of elements, and each element's share of them.

use super::build::Build;
use super::builder::Lower;
use crate::kernel::ir::{Expr, Note, Scalar, Type};
use crate::kernel::region::Map;
use crate::op::Op;
use crate::trace::Value;
use crate::types::DType;

/// Elements that one Philox block gives.
fn lanes_of(op: &Op) -> usize {
    match op {
        Op::Bernoulli { .. } => 8,
        Op::Normal { .. } => 2,
        _ => 4,
    }
}

impl Lower<'_> {
    /// Draws the Philox blocks of a vector of random elements at once, where its lanes lie in whole blocks.
    pub fn draws(&mut self, i: usize, op: &Op, key: Value, at: &Map) {
        let lanes = lanes_of(op);
        let access = self.nest.space.steps(at.offset, &at.strides);
        let inner = access.inner.len().saturating_sub(1);
        let even = |n: &usize| n.is_multiple_of(lanes.min(self.width));
        let whole = access.lane() == 1
            && even(&access.offset)
            && access.outer.iter().chain(&access.inner[..inner]).all(even);
        if !whole {
            return;
        }
        let first = self.address(&access, None);
        let first = self.set(format!("i{i}"), Type::INDEX, first);
        let words = Type { scalar: Scalar::Words, lanes: 1 };
        let blocks: Vec<Expr> = (0..(self.width / lanes).max(1))
            .map(|b| {
                let block = self.philox(op, key, first.clone() / lanes + b);
                self.set_noted(format!("w{i}_{b}"), words, block, Note::None)
            })
            .collect();
        self.drawn.insert(i, (first, blocks));
    }

    /// The Philox block `at` of the stream that `op` draws from.
    fn philox(&self, op: &Op, key: Value, at: Expr) -> Expr {
        let p = self.nest.operand(key);
        let step = self.nest.reads[p].layout.strides[0];
        let stream = u32::from(matches!(op, Op::Normal { .. }));
        Expr::Philox { key: self.reads[p], step, at: Box::new(at), stream }
    }

    /// The element of random node `i` here.
    pub fn draw(&self, i: usize, op: &Op, key: Value, at: &Map, to: DType, lane: Option<&Expr>) -> Expr {
        let lanes = lanes_of(op);
        let (words, at) = match (self.drawn.get(&i), lane) {
            (Some((first, blocks)), Some(j)) if self.width <= lanes => {
                (blocks[0].clone(), first.clone() % lanes + j.clone())
            }
            (Some((_, blocks)), Some(j)) => {
                let mut pick = blocks[blocks.len() - 1].clone();
                for (b, block) in blocks[..blocks.len() - 1].iter().enumerate().rev() {
                    let here = j.clone().lt((b + 1) * lanes);
                    pick = Expr::If(Box::new(here), Box::new(block.clone()), Box::new(pick));
                }
                (pick, j.clone() % lanes)
            }
            _ => {
                let access = self.nest.space.steps(at.offset, &at.strides);
                let at = self.address(&access, lane);
                (self.philox(op, key, at.clone() / lanes), at % lanes)
            }
        };
        Expr::Draw { op: *op, to, words: Box::new(words), lane: Box::new(at) }
    }
}
