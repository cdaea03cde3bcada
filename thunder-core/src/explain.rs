//! What became of a function: the text of [`Explanation`], and the explanations of a closure's calls.

use crate::error::Error;
use crate::exec::Report;
use crate::pipeline::Stage;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

/// What happened to a function: the trace after every pass, the kernels, the costs. Its `Display` is the text.
///
/// ```
/// use thunder_core::explain::Explanation;
/// fn launches(e: &Explanation) -> usize {
///     println!("{e}");
///     e.report.steps.len()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The function.
    pub function: String,
    /// Where it runs.
    pub device: String,
    /// The trace after each pass, with the pass's time.
    pub stages: Vec<Stage>,
    /// Why neighbours were not fused.
    pub notes: Vec<String>,
    /// The plan.
    pub report: Report,
    /// Operands that the macro could not follow.
    pub holes: u32,
    /// Whether a call with these arguments was compiled before.
    pub cached: bool,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.cached { "cached" } else { "not yet called" };
        writeln!(f, "{} on {} ({before})", self.function, self.device)?;
        let mut last = "";
        for s in &self.stages {
            if s.trace == last {
                writeln!(f, "\n## after {} ({:.1?}): unchanged", s.name, s.time)?;
            } else {
                writeln!(f, "\n## after {} ({:.1?})\n\n{}", s.name, s.time, s.trace.trim_end())?;
            }
            last = &s.trace;
        }
        self.not_fused(f)?;
        self.launches(f)?;
        let Report { arena_bytes, peak_bytes, .. } = self.report;
        writeln!(f, "memory: arena {arena_bytes} bytes, predicted peak {peak_bytes} bytes")?;
        writeln!(f, "holes: {}", self.holes)
    }
}

impl Explanation {
    /// Each reason once: the layers of a model have the same.
    fn not_fused(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.notes.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n## not fused\n")?;
        let mut times: HashMap<&str, usize> = HashMap::new();
        self.notes.iter().for_each(|n| *times.entry(n).or_default() += 1);
        for n in &self.notes {
            match times.remove(n.as_str()) {
                Some(1) => writeln!(f, "- {n}")?,
                Some(k) => writeln!(f, "- {n} ({k} times)")?,
                None => {}
            }
        }
        Ok(())
    }

    /// Each program once, where it is launched first.
    fn launches(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## launches\n")?;
        let mut first: HashMap<&str, usize> = HashMap::new();
        let (mut bytes, mut flops) = (0, 0);
        for (i, s) in self.report.steps.iter().enumerate() {
            (bytes, flops) = (bytes + s.bytes, flops + s.flops);
            write!(f, "{i}: {} ({} bytes, {} flops)", s.name, s.bytes, s.flops)?;
            match first.get(s.source.as_str()) {
                Some(at) if !s.source.is_empty() => writeln!(f, ", the program of {at}")?,
                _ => {
                    writeln!(f)?;
                    first.insert(&s.source, i);
                    s.source.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
                }
            }
        }
        writeln!(f, "\ntotal: {} launches, {bytes} bytes moved, {flops} flops", self.report.steps.len())
    }
}

thread_local! {
    /// What the calls of the closure under explanation have become so far.
    static CALLS: RefCell<Option<Vec<Explanation>>> = const { RefCell::new(None) };
}

/// Whether calls are to be explained.
pub(crate) fn active() -> bool {
    CALLS.with_borrow(Option::is_some)
}

pub(crate) fn push(e: Explanation) {
    CALLS.with_borrow_mut(|calls| calls.iter_mut().for_each(|list| list.push(e.clone())));
}

/// Runs `f`, and gives what was pushed meanwhile.
pub(crate) fn collect<R>(f: impl FnOnce() -> Result<R, Error>) -> Result<Vec<Explanation>, Error> {
    /// Puts the outer closure's calls back, whatever happens.
    struct Outer(Option<Vec<Explanation>>);
    impl Drop for Outer {
        fn drop(&mut self) {
            CALLS.set(self.0.take());
        }
    }
    let _outer = Outer(CALLS.replace(Some(Vec::new())));
    f()?;
    Ok(CALLS.take().unwrap_or_default())
}
