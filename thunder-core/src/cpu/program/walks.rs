//! The programs of rows too long for registers, and of what is reduced over the rows.

use super::{Builder, Instr, Order, Phase, Reg, RegInfo, fold_of};
use crate::cpu::kernels::Rep;
use crate::kernel::region::NodeKind;
use std::collections::HashMap;

impl Builder<'_> {
    /// The phases of rows too long for registers.
    pub fn phases(&mut self, prologue: &mut Vec<Instr>) -> Vec<Phase> {
        let nodes = &self.region.nodes;
        let top = nodes.iter().map(|n| n.level).max().unwrap_or(0);
        let is_fold = |i: usize| matches!(nodes[i].kind, NodeKind::Reduce(_));
        let constants: Vec<usize> =
            (0..nodes.len()).filter(|&i| self.is_fixed(i) && !self.class(i).inner).collect();
        self.emit(&constants, prologue);
        // What changes along rows only is computed as soon as its reductions are done, and kept.
        let per_row: Vec<usize> = (0..nodes.len()).filter(|&i| !self.class(i).inner && !is_fold(i)).collect();
        let row_at = |level: usize| -> Vec<usize> {
            per_row.iter().copied().filter(|&i| nodes[i].level == level).collect()
        };
        let mut phases = Vec::new();
        let mut first = Phase::default();
        self.emit(&row_at(0), &mut first.row);
        phases.push(first);
        for level in 1..=top {
            let folds: Vec<usize> =
                (0..nodes.len()).filter(|&i| is_fold(i) && nodes[i].level == level).collect();
            let mut phase = Phase::default();
            for &f in &folds {
                let fold = fold_of(&nodes[f].kind);
                let running = self.register(fold.running(Rep::of(nodes[f].dtype)), self.class(f));
                phase.folds.push((running, fold));
            }
            let kept = self.of.clone();
            let roots: Vec<usize> = folds.iter().map(|&f| nodes[f].args[0]).collect();
            let inside = self.closure(&roots, &|i| !kept.contains_key(&i));
            self.emit(&inside, &mut phase.chunk);
            for (&f, &(d, fold)) in folds.iter().zip(&phase.folds) {
                phase.chunk.push(Instr::FoldRows { d, fold, a: self.of[&nodes[f].args[0]] });
            }
            self.forget(&kept, &inside);
            self.of = kept;
            for (&f, &(running, _)) in folds.iter().zip(&phase.folds) {
                let class = self.class(f);
                let d = self.settled(running, Rep::of(nodes[f].dtype), class, &mut phase.row);
                self.of.insert(f, d);
            }
            self.emit(&row_at(level), &mut phase.row);
            phases.push(phase);
        }
        let mut last = Phase::default();
        let (wide, narrow): (Vec<usize>, Vec<usize>) =
            (0..self.region.results.len()).partition(|&r| self.result_access(r).inner_moves());
        let kept = self.of.clone();
        let roots: Vec<usize> = wide.iter().map(|&r| self.region.results[r].0).collect();
        let inside = self.closure(&roots, &|i| !kept.contains_key(&i));
        self.body(&inside, &wide, &mut last.chunk);
        self.of = kept;
        self.stores(&narrow, &mut last.row);
        phases.push(last);
        phases
    }

    /// Frees the registers of one phase's nodes.
    fn forget(&mut self, kept: &HashMap<usize, Reg>, nodes: &[usize]) {
        for i in nodes {
            if !kept.contains_key(i) {
                self.release(self.of[i]);
            }
        }
    }

    pub fn columns(&mut self, prologue: &mut Vec<Instr>) -> Order {
        let nodes = &self.region.nodes;
        let over_rows = self.region.accumulates();
        let is_fold = |i: &usize| match nodes[*i].kind {
            NodeKind::Accumulate(_) => true,
            NodeKind::Reduce(_) => !over_rows,
            _ => false,
        };
        let folds: Vec<usize> = (0..nodes.len()).filter(is_fold).collect();
        let is_full = |r: usize| {
            let node = &nodes[self.region.results[r].0];
            if over_rows { !node.late } else { node.level == 0 && self.result_access(r).outer_moves() }
        };
        let (full, after): (Vec<usize>, Vec<usize>) =
            (0..self.region.results.len()).partition(|&r| is_full(r));
        let mut roots: Vec<usize> = folds.iter().map(|&f| nodes[f].args[0]).collect();
        roots.extend(full.iter().map(|&r| self.region.results[r].0));
        let needed = self.closure(&roots, &|_| true);
        let (fixed, moving): (Vec<usize>, Vec<usize>) = needed.into_iter().partition(|&i| self.is_fixed(i));
        self.emit(&fixed, prologue);
        let mut list = Vec::new();
        for &f in &folds {
            let fold = fold_of(&nodes[f].kind);
            // Its memory is the running values' own; the slot is not used.
            self.regs.push(RegInfo {
                rep: fold.running(Rep::of(nodes[f].dtype)),
                class: self.class(f),
                slot: 0,
                constant: false,
                bound: false,
            });
            list.push((self.regs.len() - 1, fold));
        }
        let mut body = Vec::new();
        // Folds read their operands last, so that these keep their registers until then.
        let mut order = moving.clone();
        order.retain(|i| !folds.contains(i));
        self.emit(&order, &mut body);
        for (&f, &(d, fold)) in folds.iter().zip(&list) {
            body.push(Instr::FoldColumns { d, fold, a: self.of[&nodes[f].args[0]] });
        }
        self.stores(&full, &mut body);
        self.of = HashMap::new();
        let mut epilogue = Vec::new();
        for (&f, &(running, _)) in folds.iter().zip(&list) {
            let class = self.class(f);
            let d = self.settled(running, Rep::of(nodes[f].dtype), class, &mut epilogue);
            self.of.insert(f, d);
        }
        let roots: Vec<usize> = after.iter().map(|&r| self.region.results[r].0).collect();
        let done = self.of.clone();
        let inside = self.closure(&roots, &|i| !done.contains_key(&i));
        self.emit(&inside, &mut epilogue);
        self.stores(&after, &mut epilogue);
        Order::Columns { body, folds: list, epilogue }
    }
}
