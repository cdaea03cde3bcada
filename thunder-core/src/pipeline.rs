//! The list of passes, from a linked trace to an executable.

use crate::error::Error;
use crate::exec::{Backend, Executable};
use crate::item::Options;
use crate::trace::Trace;
use crate::transform::{self, fuse::Note};
use crate::types::Ty;
use crate::verify::verify;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A trace after a pass.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The pass.
    pub name: &'static str,
    /// The trace's text.
    pub trace: String,
    /// What the pass took.
    pub time: Duration,
}

/// What compiling a trace gives.
pub struct Outcome {
    /// What runs.
    pub exe: Arc<dyn Executable>,
    /// The results' types.
    pub types: Vec<Ty>,
    /// Why neighbours were not fused.
    pub notes: Vec<Note>,
}

/// A pass: its name, and what it does to a trace for a backend.
pub type Pass = (&'static str, fn(Trace, &dyn Backend) -> Result<Trace, Error>);

/// The passes before fusion, in order.
pub const PASSES: &[Pass] = &[
    ("differentiate", |t, _| transform::differentiate::run(t)),
    ("batch", |t, _| transform::batch::run(t)),
    ("autocast", |t, _| transform::autocast::run(t)),
    ("simplify", |t, _| Ok(transform::simplify::run(t))),
    ("cse", |t, _| Ok(transform::cse::run(t))),
    ("dce", |t, _| Ok(transform::dce::run(t))),
    ("decompose", |t, b| Ok(transform::decompose::run(t, &|op, args| b.claims(op, args)))),
    ("simplify", |t, _| Ok(transform::simplify::run(t))),
    ("cse", |t, _| Ok(transform::cse::run(t))),
    ("dce", |t, _| Ok(transform::dce::run(t))),
    ("blend", |t, _| Ok(transform::blend::run(t))),
];

/// Runs every pass on a linked trace, fusion last; `stages` keeps the text after each.
///
/// # Errors
/// What a pass refuses.
pub fn lower(
    mut trace: Trace,
    backend: &dyn Backend,
    mut stages: Option<&mut Vec<Stage>>,
) -> Result<(Trace, Vec<Note>), Error> {
    check(&trace, "link")?;
    let mut keep = |name: &'static str, trace: &Trace, start: Instant| {
        if let Some(stages) = stages.as_deref_mut() {
            let time = start.elapsed();
            stages.push(Stage { name, trace: transform::dce::renumber(trace).to_string(), time });
        }
        check(trace, name)
    };
    for (name, pass) in PASSES {
        let start = Instant::now();
        trace = pass(trace, backend)?;
        keep(name, &trace, start)?;
    }
    let start = Instant::now();
    let (trace, notes) = transform::fuse::run(&trace, &backend.target());
    keep("fuse", &trace, start)?;
    Ok((trace, notes))
}

/// Lowers a linked trace, and compiles what comes out; `stages` keeps the text after each pass.
///
/// # Errors
/// What a pass or the backend refuses.
pub fn compile(
    trace: Trace,
    backend: &dyn Backend,
    donated: &[bool],
    options: Options,
    stages: Option<&mut Vec<Stage>>,
) -> Result<Outcome, Error> {
    let types = trace.body.results.iter().map(|&v| trace.ty(v)).collect();
    let (trace, notes) = lower(trace, backend, stages)?;
    let exe = backend.compile(&trace, donated, options)?;
    Ok(Outcome { exe, types, notes })
}

/// Verifies in debug builds and tests: a broken invariant is an error that names the pass.
fn check(trace: &Trace, pass: &str) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        verify(trace).map_err(|e| Error::Internal { pass: pass.into(), what: e.to_string() })?;
    }
    Ok(())
}
