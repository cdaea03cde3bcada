//! Differentiating through an operation that has no derivative.

use crate::diagnostics::Diagnostics;
use crate::trace::{Node, Operand};
use proc_macro2::Span;
use std::collections::{HashMap, HashSet};
use thunder_core::item::{Transform, Var};
use thunder_core::op::Op;
use thunder_core::types::Ty;

/// What the body of a transform that differentiates is known to carry a derivative through.
pub struct Flow<'n> {
    /// The types of the vars.
    pub types: &'n [Ty],
    /// Where operations stand.
    pub spans: &'n HashMap<Var, Span>,
}

impl Flow<'_> {
    /// Refuses an operation that has no derivative between the parameters of a region and its result.
    pub fn check(
        &self,
        kind: Transform,
        params: &[Var],
        body: &[Node],
        result: Operand,
        diag: &mut Diagnostics,
    ) {
        if !matches!(kind, Transform::Grad | Transform::ValueAndGrad | Transform::Vjp | Transform::Jvp) {
            return;
        }
        // Of a module or a tuple only its leaves say whether they are differentiated: tensors are certain.
        let mut carried: HashSet<Var> = params.iter().copied().filter(|p| self.is_float(*p)).collect();
        let mut blocked = Vec::new();
        self.walk(body, &mut carried, &mut blocked);
        let needed = needed(body, result);
        for (dst, op) in blocked {
            let Some(span) = self.spans.get(&dst).filter(|_| needed.contains(&dst)) else { continue };
            let transform = kind.name();
            let name = match op {
                Op::Cast { .. } => "a cast to an integer type".to_string(),
                op => format!("`{}`", op.name()),
            };
            diag.error_at(
                *span,
                format!("no derivative: {name} is flat or jumps everywhere, and `{transform}` differentiates through it"),
                format!("`stop_gradient(x)` if none should flow here; or {}", smooth(&op)),
            );
        }
    }

    fn is_float(&self, v: Var) -> bool {
        use thunder_core::types::Elem;
        match self.types.get(v as usize).map(|t| t.elem) {
            Some(Elem::Known(d)) => d.is_float(),
            Some(Elem::Param(_)) => true,
            _ => false,
        }
    }

    fn walk(&self, body: &[Node], carried: &mut HashSet<Var>, blocked: &mut Vec<(Var, Op)>) {
        let has = |carried: &HashSet<Var>, o: &Operand| matches!(o, Operand::Var(v) if carried.contains(v));
        for n in body {
            match n {
                Node::Op { dst, op, args, .. } => {
                    let from: Vec<bool> = args.iter().map(|a| has(carried, a)).collect();
                    if !from.iter().any(|f| *f) {
                        continue;
                    }
                    if flat(op, self.types.get(*dst as usize)) {
                        blocked.push((*dst, *op));
                    } else if through(op, &from) {
                        carried.insert(*dst);
                    }
                }
                Node::Project { dst, base, .. } if carried.contains(base) => {
                    carried.insert(*dst);
                }
                Node::Assign { var, value } if has(carried, value) => {
                    carried.insert(*var);
                }
                Node::Choice { arms, .. } => arms.iter().for_each(|a| self.walk(a, carried, blocked)),
                Node::Repeat { body, .. } => self.walk(body, carried, blocked),
                // These run what they are given, as it is.
                Node::Region {
                    dst,
                    kind: Transform::Vmap | Transform::Checkpoint | Transform::Autocast,
                    args,
                    params,
                    body,
                    result,
                    ..
                } => {
                    for (a, p) in args.iter().zip(params) {
                        if has(carried, a) {
                            carried.insert(*p);
                        }
                    }
                    self.walk(body, carried, blocked);
                    if has(carried, result) {
                        carried.insert(*dst);
                    }
                }
                // What a callee or an inner transform does with its arguments is linking's to see.
                _ => {}
            }
        }
    }
}

/// Whether the derivative is zero almost everywhere, so that asking for it is a mistake.
fn flat(op: &Op, result: Option<&Ty>) -> bool {
    use thunder_core::types::{DType, Elem};
    match op {
        Op::Sign | Op::Floor | Op::Ceil | Op::Round | Op::Trunc | Op::Argmax { .. } | Op::Argmin { .. } => {
            true
        }
        Op::Cast { .. } => {
            matches!(result.map(|t| t.elem), Some(Elem::Known(d)) if !d.is_float() && !matches!(d, DType::Bool))
        }
        _ => false,
    }
}

/// Whether a derivative reaches the result from these operands.
fn through(op: &Op, from: &[bool]) -> bool {
    match op {
        Op::StopGradient | Op::Not | Op::And | Op::Or | Op::Xor => false,
        Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::IsNan | Op::IsInf | Op::IsFinite => false,
        Op::Cast { elem } => !matches!(elem, thunder_core::types::Elem::Known(d) if !d.is_float()),
        Op::All { .. } | Op::Any { .. } => false,
        Op::Select => from.iter().skip(1).any(|f| *f),
        _ => true,
    }
}

/// The vars that the result is computed from.
fn needed(body: &[Node], result: Operand) -> HashSet<Var> {
    fn back(body: &[Node], needed: &mut HashSet<Var>) {
        let add = |needed: &mut HashSet<Var>, o: &Operand| {
            if let Operand::Var(v) = o {
                needed.insert(*v);
            }
        };
        for n in body.iter().rev() {
            match n {
                Node::Op { dst, args, .. } | Node::Call { dst, args, .. } if needed.contains(dst) => {
                    args.iter().for_each(|a| add(needed, a));
                }
                Node::Project { dst, base, .. } if needed.contains(dst) => {
                    needed.insert(*base);
                }
                Node::Pack { dst, parts } if needed.contains(dst) => {
                    parts.iter().for_each(|(_, o)| add(needed, o))
                }
                Node::Assign { var, value } if needed.contains(var) => add(needed, value),
                Node::Collect { dst, value } if needed.contains(dst) => add(needed, value),
                Node::Region { dst, args, body, result, .. } if needed.contains(dst) => {
                    args.iter().for_each(|a| add(needed, a));
                    add(needed, result);
                    back(body, needed);
                }
                Node::Closure { dst, body, result, .. } if needed.contains(dst) => {
                    add(needed, result);
                    back(body, needed);
                }
                Node::Choice { arms, .. } => arms.iter().for_each(|a| back(a, needed)),
                // Values go around a loop: twice sees them all that one more round can add.
                Node::Repeat { body, .. } => {
                    back(body, needed);
                    back(body, needed);
                }
                _ => {}
            }
        }
    }
    let mut set = HashSet::new();
    if let Operand::Var(v) = result {
        set.insert(v);
    }
    back(body, &mut set);
    set
}

fn smooth(op: &Op) -> &'static str {
    match op {
        Op::Argmax { .. } | Op::Argmin { .. } => "a smooth form, `x.softmax(axis)`",
        Op::Sign => "a smooth form, `(x * k).tanh()`",
        Op::Cast { .. } => "stay in a float type",
        _ => "the straight-through form, `&x + stop_gradient(x.round() - &x)`",
    }
}
