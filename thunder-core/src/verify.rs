//! The invariants of a trace, executable. Every pass ends here in tests and debug builds.
//!
//! Checked:
//! - every operand is defined before its use, in this body or one around it, and exactly once;
//! - every operation's result has the type that inference gives on its operands;
//! - the kinds with a body have one, whose parameters and results fit the instruction's operands and results.

use crate::op::infer;
use crate::trace::{Body, InstData, Kind, Trace, Value};
use crate::types::{Extent, Ty};
use std::fmt;

/// A broken invariant: a mistake in the pass that ran before, never the user's.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The instruction at fault, as printed.
    pub inst: String,
    /// What does not hold.
    pub what: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inst, self.what)
    }
}

impl std::error::Error for Invalid {}

/// Checks every invariant of `trace`.
///
/// # Errors
/// The first that is broken.
pub fn verify(trace: &Trace) -> Result<(), Invalid> {
    let mut defined = vec![false; trace.value_count()];
    body(trace, &trace.body, &mut defined)
}

fn body(trace: &Trace, b: &Body, defined: &mut [bool]) -> Result<(), Invalid> {
    let define = |v: Value, defined: &mut [bool], at: &dyn Fn() -> String| {
        if std::mem::replace(&mut defined[v.index()], true) {
            return Err(Invalid { inst: at(), what: format!("{v} is defined twice") });
        }
        Ok(())
    };
    for &p in &b.params {
        define(p, defined, &|| "parameters".into())?;
    }
    for inst in trace.insts(b) {
        let at = || format!("{:?} {:?} -> {:?} ({})", inst.kind, inst.args, inst.results, inst.loc);
        for &a in &inst.args {
            if !defined[a.index()] {
                return Err(Invalid { inst: at(), what: format!("{a} is used before it is defined") });
            }
        }
        if let Some(inner) = &inst.body {
            body(trace, inner, defined)?;
            // What a nested body defines is known only there.
            let own = trace.insts(inner).flat_map(|i| &i.results).chain(&inner.params);
            own.for_each(|v| defined[v.index()] = false);
        }
        types(trace, inst).map_err(|what| Invalid { inst: at(), what })?;
        for &r in &inst.results {
            define(r, defined, &at)?;
        }
    }
    for &r in &b.results {
        if !defined[r.index()] {
            return Err(Invalid { inst: "results".into(), what: format!("{r} is not defined") });
        }
    }
    Ok(())
}

fn types(trace: &Trace, inst: &InstData) -> Result<(), String> {
    let of = |list: &[Value]| list.iter().map(|&v| trace.ty(v)).collect::<Vec<Ty>>();
    let (args, results) = (of(&inst.args), of(&inst.results));
    let expect = |what: &str, want: &[Ty], got: &[Ty]| {
        if want == got { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {got:?}")) }
    };
    if let Kind::Op(op) = &inst.kind {
        if inst.body.is_some() {
            return Err("an operation has no body".into());
        }
        let ty = infer(op, &args, &[]).map_err(|m| m.to_string())?;
        return expect("result", &[ty], &results);
    }
    let Some(b) = &inst.body else { return Err("needs a body".into()) };
    let (params, outs) = (of(&b.params), of(&b.results));
    match inst.kind {
        Kind::Op(_) => Ok(()),
        Kind::Grad => {
            expect("parameters", &args, &params)?;
            expect("results", &[&outs[..], &args[..]].concat(), &results)
        }
        Kind::Vjp { inputs } => {
            expect("operands", &[&params[..], &outs[..]].concat(), &args)?;
            expect("results", &[&outs[..], &args[..inputs as usize]].concat(), &results)
        }
        Kind::Jvp { .. } => {
            expect("operands", &[&params[..], &params[..]].concat(), &args)?;
            expect("results", &[&outs[..], &outs[..]].concat(), &results)
        }
        Kind::Vmap { size } => {
            let many = |list: &[Ty]| -> Vec<Ty> {
                let size = Extent::new(size as usize);
                list.iter().map(|t| Ty::new(t.elem, t.shape.insert(0, size))).collect()
            };
            expect("operands", &many(&params), &args)?;
            expect("results", &many(&outs), &results)
        }
        Kind::Checkpoint | Kind::Autocast(_) => {
            expect("operands", &[], &args)?;
            expect("results", &outs, &results)
        }
        Kind::Fused(_) => {
            expect("parameters", &args, &params)?;
            expect("results", &outs, &results)
        }
    }
}
