//! Compares one recorded operation with one of the compile-time trace: code, attributes, operands, result.

use super::{Matcher, Slot};
use crate::error::Error;
use crate::item::{At, Operand, Var};
use crate::op::{Attr, Class, Lit, Op};
use crate::recorder::{Event, Leaves, is_saturated};
use crate::trace::{Kind, Value};
use crate::types::{DType, Elem};

/// A number that a comparison compares a tensor with.
struct Compared {
    /// As the compile-time trace has it.
    want: Lit,
    /// As it was recorded.
    recorded: Lit,
    /// The tensor's element type.
    dtype: DType,
    /// Whether the number is the left operand.
    first: bool,
}

impl Matcher<'_> {
    /// Matches an operation, and the constants that its static operands became.
    pub(super) fn op(&mut self, f: usize, dst: Var, op: &Op, args: &[Operand], at: At) -> Result<(), Error> {
        let mut wanted: Vec<Slot> = args.iter().map(|a| self.operand(f, a)).collect();
        if !args.is_empty() && wanted.iter().all(is_static) {
            self.set(f, dst, Slot::Known(Leaves::default()));
            return Ok(());
        }
        let compared = self.numbers(f, op, &mut wanted, args, at)?;
        self.attributes(f, op, compared, at)?;
        let result = self.operands(f, op, &wanted, at)?;
        self.check_type(f, dst, result, Some(at))?;
        self.set(f, dst, Slot::Known(Leaves { list: vec![(Vec::new(), result)], ..Leaves::default() }));
        self.at += 1;
        Ok(())
    }

    /// Matches the constants recorded before `op` with its static operands, and puts them into `wanted`. Returns the
    /// number of a comparison, which is checked together with the operation.
    fn numbers(
        &mut self,
        f: usize,
        op: &Op,
        wanted: &mut [Slot],
        args: &[Operand],
        at: At,
    ) -> Result<Option<Compared>, Error> {
        let item = self.item(f);
        // A missing optional operand has no leaves either, but it is not a constant.
        let optional = matches!(op, Op::Linear { .. } | Op::LayerNorm { .. } | Op::RmsNorm { .. });
        // An operand that may be a tensor or a number is a number only if more constants were recorded than the
        // operands that are certainly numbers.
        let certain = wanted.iter().filter(|s| is_static(s)).count();
        let mut unsure = self.constants(op).saturating_sub(certain);
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
            match (self.constant_at(self.at, op), arg) {
                (Some((value, v)), arg) => {
                    let want = if let Operand::Static(want) = arg { *want } else { Lit::Free };
                    if op.class() == Class::Compare {
                        let dtype = self.trace.ty(v).dtype();
                        compared = Some(Compared { want, recorded: value, dtype, first: i == 0 });
                    } else if !want.allows(&value, &[]) {
                        let what =
                            format!("a number beside `{}`: expected {want:?}, recorded {value:?}", op.name());
                        return Err(self.refuse(item, Some(at), what));
                    }
                    *slot = Slot::Known(Leaves { list: vec![(Vec::new(), v)], ..Leaves::default() });
                    self.at += 1;
                }
                (None, Operand::Hole) => {}
                (None, _) if matches!(slot, Slot::Any) => {}
                (None, _) => {
                    let what =
                        format!("expected a number beside `{}`, recorded {}", op.name(), self.describe());
                    return Err(self.refuse(item, Some(at), what));
                }
            }
        }
        Ok(compared)
    }

    /// Compares the code and the attributes of the recorded operation with those of `op`.
    fn attributes(&self, f: usize, op: &Op, compared: Option<Compared>, at: At) -> Result<(), Error> {
        let item = self.item(f);
        let refuse = |what: String| Err(self.refuse(item, Some(at), what));
        let Some(Event::Op(inst)) = self.log.get(self.at) else {
            return refuse(format!("expected `{}`, recorded {}", op.name(), self.describe()));
        };
        let Kind::Op(linked) = self.trace.data(*inst).kind else {
            return refuse(format!("expected `{}`, recorded a transform", op.name()));
        };
        if let Some(Compared { want, recorded, dtype, first }) = compared {
            if is_saturated(*op, want, linked, recorded, dtype, first) {
                return Ok(());
            }
            if !want.allows(&recorded, &[]) {
                return refuse(format!(
                    "a number beside `{}`: expected {want}, recorded {recorded}",
                    op.name()
                ));
            }
        }
        if op.code() != linked.code() {
            return refuse(format!("expected `{}`, recorded `{}`", op.name(), linked.name()));
        }
        if !op.allows(&linked, &self.frames[f].dims.bindings()) {
            let (want, got) = (op.attrs(item.dims), linked.attrs(&[]));
            return refuse(format!("attributes of `{}`: expected {want:?}, recorded {got:?}", op.name()));
        }
        Ok(())
    }

    /// Compares the operands of the recorded operation with `wanted`, and returns its result.
    fn operands(&self, f: usize, op: &Op, wanted: &[Slot], at: At) -> Result<Value, Error> {
        let refuse = |what: String| Err(self.refuse(self.item(f), Some(at), what));
        let Some(Event::Op(inst)) = self.log.get(self.at) else {
            return refuse(format!("expected `{}`, recorded {}", op.name(), self.describe()));
        };
        let data = self.trace.data(*inst);
        let mut given = data.args.iter().copied();
        for (i, want) in wanted.iter().enumerate() {
            let expected: Vec<Option<Value>> = match want {
                // A missing optional operand has no leaves; a list has one leaf for each operand.
                Slot::Known(leaves) => leaves.list.iter().map(|(_, v)| Some(*v)).collect(),
                Slot::Any if given.len() == 0 => continue,
                Slot::Any => vec![None],
                Slot::Unset | Slot::Closure(..) => {
                    return refuse(format!("operand {i} of `{}` is not there", op.name()));
                }
            };
            for e in expected {
                let Some(got) = given.next() else {
                    return refuse(format!("`{}` has fewer operands", op.name()));
                };
                if e.is_some_and(|e| e != got) {
                    return refuse(format!("operand {i} of `{}` is another value ({got})", op.name()));
                }
            }
        }
        if given.next().is_some() {
            return refuse(format!("`{}` has more operands", op.name()));
        }
        Ok(data.results[0])
    }

    /// The number of scalar constants recorded next, before `op`.
    fn constants(&self, op: &Op) -> usize {
        (self.at..self.log.len()).take_while(|&at| self.constant_at(at, op).is_some()).count()
    }

    /// The scalar constant at a place of the log, where it is an operand of `op`.
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

    /// Compares a tensor with its type in the compile-time trace.
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

/// Whether an operand is a static value: it has no leaves.
fn is_static(s: &Slot) -> bool {
    matches!(s, Slot::Known(leaves) if leaves.list.is_empty())
}
