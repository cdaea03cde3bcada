//! The text of a trace, which tests compare and `explain` shows.

use super::{Body, InstData, Kind, Trace, Value, Walk};
use crate::op::{Lit, Op};
use crate::types::DType;
use std::fmt::{self, Write};

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> = self
            .body
            .params
            .iter()
            .zip(&self.param_names)
            .map(|(v, name)| format!("{v} {name}: {}", self.ty(*v)))
            .collect();
        let results: Vec<String> = self.body.results.iter().map(|v| self.ty(*v).to_string()).collect();
        let line = format!("trace {}({}) -> ({})", self.name, params.join(", "), results.join(", "));
        if line.len() <= 110 {
            writeln!(f, "{line}")?;
        } else {
            writeln!(f, "trace {}(", self.name)?;
            for p in params {
                writeln!(f, "    {p},")?;
            }
            writeln!(f, ") -> ({})", results.join(", "))?;
        }
        let mut text = String::new();
        self.print_body(&self.body, 1, &mut text);
        f.write_str(&text)
    }
}

impl Trace {
    fn print_body(&self, body: &Body, depth: usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        for inst in self.insts(body) {
            if constant(inst).is_some() {
                continue;
            }
            let line = format!("{pad}{}", self.print_inst(inst));
            let _ = if inst.loc.line > 0 {
                writeln!(out, "{line:<64} # {}", inst.loc)
            } else {
                writeln!(out, "{line}")
            };
            if let Some(inner) = &inst.body {
                if !inner.params.is_empty() {
                    let params: Vec<String> = inner.params.iter().map(Value::to_string).collect();
                    let _ = writeln!(out, "{pad}  |{}|", params.join(", "));
                }
                self.print_body(inner, depth + 1, out);
            }
        }
        let _ = writeln!(out, "{pad}return {}", self.list(&body.results));
    }

    fn print_inst(&self, inst: &InstData) -> String {
        let results: Vec<String> = inst.results.iter().map(|v| format!("{v}: {}", self.ty(*v))).collect();
        let mut line = format!("{} = {}", results.join(", "), kind_name(&inst.kind));
        if !inst.args.is_empty() {
            let _ = write!(line, " {}", self.list(&inst.args));
        }
        if let Kind::Op(op) = &inst.kind {
            for (i, (name, value)) in op.attrs(&[]).into_iter().enumerate() {
                let comma = if i > 0 || !inst.args.is_empty() { "," } else { "" };
                let _ = write!(line, "{comma} {name}={value}");
            }
        }
        line
    }

    fn list(&self, values: &[Value]) -> String {
        values.iter().map(|&v| self.print_value(v)).collect::<Vec<_>>().join(", ")
    }

    /// A scalar constant is printed as its value, any other value as its name.
    fn print_value(&self, v: Value) -> String {
        self.def(v).and_then(constant).unwrap_or_else(|| v.to_string())
    }
}

fn constant(inst: &InstData) -> Option<String> {
    match inst.kind {
        // A float is printed with the shortest text that gives the same value in its type.
        Kind::Op(Op::Full { value: Lit::F(x), elem, shape })
            if shape.rank() == 0 && elem != DType::F64.into() =>
        {
            Some(format!("{:?}", x as f32))
        }
        Kind::Op(Op::Full { value, shape, .. }) if shape.rank() == 0 => {
            let mut text = String::new();
            crate::op::Attr::print(&value, &[], &mut text);
            Some(text)
        }
        _ => None,
    }
}

/// The printed name of an instruction's kind.
fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Op(op) => op.name().to_string(),
        Kind::Grad => "value_and_grad".into(),
        Kind::Vjp { .. } => "vjp".into(),
        Kind::Jvp { .. } => "jvp".into(),
        Kind::Vmap { size } => format!("vmap[{size}]"),
        Kind::Checkpoint => "checkpoint".into(),
        Kind::Autocast(d) => format!("autocast[{d}]"),
        Kind::Fused(Walk::Pointwise) => "fused[pointwise]".into(),
        Kind::Fused(Walk::Rows { .. }) => "fused[rows]".into(),
        Kind::Fused(Walk::Columns { .. }) => "fused[columns]".into(),
    }
}
