//! A register program as text, for reports.

use super::{Builder, Instr, Order, Reg};
use crate::cpu::kernels::Rep;
use std::fmt::Write;

impl Builder<'_> {
    pub fn source(&self, prologue: &[Instr], order: &Order) -> String {
        let mut s = format!(
            "space {:?} x {:?}, {}\n",
            self.nest.space.outer.extents, self.nest.space.inner.extents, self.schedule
        );
        let mut part = |name: &str, list: &[Instr]| {
            if !list.is_empty() {
                let _ = writeln!(s, "{name}:");
                list.iter().for_each(|i| {
                    let _ = writeln!(s, "  {}", self.text(i));
                });
            }
        };
        part("once", prologue);
        match order {
            Order::Tiles { body } => part("tile", body),
            Order::Phases { phases } => {
                for p in phases {
                    part("chunk", &p.chunk);
                    part("row", &p.row);
                }
            }
            Order::Columns { body, epilogue, .. } => {
                part("tile", body);
                part("column", epilogue);
            }
        }
        s
    }

    fn text(&self, i: &Instr) -> String {
        let reg = |r: &Reg| format!("r{r}");
        let set = |d: &Reg, what: String| {
            let info = &self.regs[*d];
            format!("r{d}: {:?}{} = {what}", info.rep, info.class)
        };
        match i {
            Instr::Load { d, access } => set(d, format!("load {access}")),
            Instr::Bind { d, access } => format!("r{d} lies at {access}"),
            Instr::Iota { d, access } => set(d, format!("iota {access}")),
            Instr::Random { d, op, access, .. } => set(d, format!("{} {access}", op.name())),
            Instr::Take { d, data, i, .. } => set(d, format!("take {data} at r{i}")),
            Instr::Op { d, op, args, arity, .. } => {
                let mut list = Vec::new();
                for a in &args[..*arity] {
                    let info = &self.regs[*a];
                    list.push(if info.constant {
                        show(self.consts[info.slot / 8], info.rep)
                    } else {
                        reg(a)
                    });
                }
                set(d, format!("{} {}", op.name(), list.join(", ")))
            }
            Instr::Cast { d, to, a, .. } => set(d, format!("cast r{a} to {to}")),
            Instr::Spread { d, a } => set(d, format!("spread r{a}")),
            Instr::FoldRows { d, fold, a } => set(d, format!("fold rows {fold:?} r{a}")),
            Instr::FoldColumns { d, fold, a } => set(d, format!("fold columns {fold:?} r{a}")),
            Instr::Store { a, access } => format!("store {access}, r{a}"),
        }
    }
}

fn show(bits: u64, rep: Rep) -> String {
    match rep {
        Rep::F32 => format!("{:?}", f32::from_bits(bits as u32)),
        Rep::F64 => format!("{:?}", f64::from_bits(bits)),
        Rep::I64 => (bits as i64).to_string(),
        Rep::I32 => (bits as i32).to_string(),
        Rep::U32 => (bits as u32).to_string(),
        Rep::U8 => (bits as u8).to_string(),
    }
}
