//! One operation of the record against one of the compile-time trace: code, attributes, operands, result.

use super::{Matcher, Slot};
use crate::error::Error;
use crate::item::{At, Operand, Var};
use crate::link::log::{Event, Leaves};
use crate::link::saturate::is_saturated;
use crate::op::{Attr, Class, Lit, Op};
use crate::trace::{Kind, Value};
use crate::types::Elem;

impl Matcher<'_> {
    /// Matches an operation, and the constants that its static operands became.
    pub(super) fn op(&mut self, f: usize, dst: Var, op: &Op, args: &[Operand], at: At) -> Result<(), Error> {
        let item = self.item(f);
        let refuse = |m: &Self, what: String| Err(m.refuse(item, Some(at), what));
        let mut wanted: Vec<Slot> = args.iter().map(|a| self.operand(f, a)).collect();
        let is_static = |s: &Slot| matches!(s, Slot::Known(leaves) if leaves.list.is_empty());
        if !args.is_empty() && wanted.iter().all(is_static) {
            self.set(f, dst, Slot::Known(Leaves::default()));
            return Ok(());
        }
        // A missing optional operand has no leaves either, and is no constant.
        let optional = matches!(op, Op::Linear { .. } | Op::LayerNorm { .. } | Op::RmsNorm { .. });
        // What may be a tensor or a number is a number only if more were recorded than are certain.
        let certain = wanted.iter().filter(|s| is_static(s)).count();
        let mut unsure = self.constants(op).saturating_sub(certain);
        // A comparison's number, as it was written and as it was recorded.
        let mut compared = None;
        for (i, (slot, arg)) in wanted.iter_mut().zip(args).enumerate() {
            if optional || !(is_static(slot) || matches!(slot, Slot::Any)) {
                continue;
            }
            if matches!(slot, Slot::Any) {
                if unsure == 0 {
                    continue;
                }
                unsure -= 1;
            }
            match (self.constant(op), arg) {
                (Some((value, v)), arg) => {
                    let want = if let Operand::Static(want) = arg { *want } else { Lit::Free };
                    if op.class() == Class::Compare {
                        compared = Some((want, value, self.trace.ty(v).dtype(), i == 0));
                    } else if !want.allows(&value, &[]) {
                        return refuse(
                            self,
                            format!("a number beside `{}`: expected {want:?}, recorded {value:?}", op.name()),
                        );
                    }
                    *slot = Slot::Known(Leaves { list: vec![(Vec::new(), v)], ..Leaves::default() });
                    self.at += 1;
                }
                (None, Operand::Hole) => {}
                (None, _) if matches!(slot, Slot::Any) => {}
                (None, _) => {
                    let what =
                        format!("expected a number beside `{}`, recorded {}", op.name(), self.describe());
                    return refuse(self, what);
                }
            }
        }
        let Some(Event::Op(inst)) = self.log.get(self.at) else {
            return refuse(self, format!("expected `{}`, recorded {}", op.name(), self.describe()));
        };
        let data = self.trace.data(*inst);
        let Kind::Op(linked) = data.kind else {
            return refuse(self, format!("expected `{}`, recorded a transform", op.name()));
        };
        let saturated = compared.is_some_and(|(want, number, dtype, first)| {
            is_saturated(*op, want, linked, number, dtype, first)
        });
        if !saturated
            && let Some((want, number, ..)) = compared
            && !want.allows(&number, &[])
        {
            let what = format!("a number beside `{}`: expected {want}, recorded {number}", op.name());
            return refuse(self, what);
        }
        if op.code() != linked.code() && !saturated {
            return refuse(self, format!("expected `{}`, recorded `{}`", op.name(), linked.name()));
        }
        if !saturated && !op.allows(&linked, &self.frames[f].dims.bindings()) {
            let (want, got) = (op.attrs(self.item(f).dims), linked.attrs(&[]));
            return refuse(
                self,
                format!("attributes of `{}`: expected {want:?}, recorded {got:?}", op.name()),
            );
        }
        let mut given = data.args.iter().copied();
        for (i, want) in wanted.iter().enumerate() {
            let expected: Vec<Option<Value>> = match want {
                // An optional operand that is not there has no leaves; a list has one an operand.
                Slot::Known(leaves) => leaves.list.iter().map(|(_, v)| Some(*v)).collect(),
                Slot::Any if given.len() == 0 => continue,
                Slot::Any => vec![None],
                Slot::Unset | Slot::Closure(..) => {
                    return refuse(self, format!("operand {i} of `{}` is not there", op.name()));
                }
            };
            for e in expected {
                let Some(got) = given.next() else {
                    return refuse(self, format!("`{}` has fewer operands", op.name()));
                };
                if e.is_some_and(|e| e != got) {
                    return refuse(self, format!("operand {i} of `{}` is another value ({got})", op.name()));
                }
            }
        }
        if given.next().is_some() {
            return refuse(self, format!("`{}` has more operands", op.name()));
        }
        let result = data.results[0];
        self.check_type(f, dst, result, Some(at))?;
        self.set(f, dst, Slot::Known(Leaves { list: vec![(Vec::new(), result)], ..Leaves::default() }));
        self.at += 1;
        Ok(())
    }

    /// The number of scalar constants that were recorded next, before `op`.
    fn constants(&self, op: &Op) -> usize {
        (self.at..self.log.len()).take_while(|&at| self.constant_at(at, op).is_some()).count()
    }

    /// The scalar constant that was recorded next, before `op`.
    fn constant(&self, op: &Op) -> Option<(Lit, Value)> {
        self.constant_at(self.at, op)
    }

    fn constant_at(&self, at: usize, op: &Op) -> Option<(Lit, Value)> {
        let Some(Event::Op(inst)) = self.log.get(at) else { return None };
        let data = self.trace.data(*inst);
        match data.kind {
            Kind::Op(Op::Full { value, shape, .. })
                if shape.rank() == 0 && !matches!(op, Op::Full { .. }) =>
            {
                Some((value, data.results[0]))
            }
            _ => None,
        }
    }

    /// Compares a tensor with the type that the trace claims for it.
    pub(super) fn check_slot(&self, f: usize, dst: Var, value: &Slot, at: Option<At>) -> Result<(), Error> {
        match value {
            Slot::Known(Leaves { list, .. }) => match &list[..] {
                [(path, v)] if path.is_empty() => self.check_type(f, dst, *v, at),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn check_type(&self, f: usize, dst: Var, result: Value, at: Option<At>) -> Result<(), Error> {
        let Some(want) = self.item(f).types.get(dst as usize) else { return Ok(()) };
        let got = self.trace.ty(result);
        let elem = match want.elem {
            Elem::Known(d) => d == got.dtype(),
            Elem::Param(_) | Elem::Unknown => true,
        };
        let shape = want.shape.substitute(&self.frames[f].dims.bindings());
        let skip = got.shape.rank().wrapping_sub(shape.rank());
        let extents = shape.is_unknown()
            || (shape.rank() <= got.shape.rank()
                && (shape.lead != 0 || skip == 0)
                && (0..shape.rank()).all(|i| !shape.at(i).differs(got.shape.at(skip + i))));
        if elem && extents {
            return Ok(());
        }
        let want = crate::types::Text::new().ty(want, self.item(f).dims, self.item(f).elems);
        Err(self.refuse(self.item(f), at, format!("expected a result of type {want}, recorded {got}")))
    }
}
