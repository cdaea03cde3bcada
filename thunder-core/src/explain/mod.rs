//! How a function was compiled: [`Explanation`], and the explanations of the calls of a closure.

mod text;

use crate::error::Error;
use crate::exec::Report;
use crate::pipeline::Stage;
use crate::trace::Loc;
use crate::transform::fuse::Note;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::mem::ManuallyDrop;

/// How a function was compiled for some arguments. Its `Display` is one page: the work, the memory, the launches grouped
/// by kernel, and what was not fused. Methods return the rest: [`Explanation::after`] the trace after a pass,
/// [`Explanation::kernels`] each kernel with its source, and [`Explanation::full`] everything.
///
/// ```
/// use thunder_core::explain::Explanation;
/// fn look(e: &Explanation) {
///     println!("{e}");
///     if let Some(fused) = e.after("fuse") {
///         println!("{}", fused.trace);
///     }
///     for kernel in e.kernels() {
///         println!("{} is launched {} times:\n{}", kernel.name, kernel.launches, kernel.source);
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The function's name.
    pub function: String,
    /// The device that it runs on.
    pub device: String,
    /// The trace after each pass, with the time of the pass. The first is the linked trace.
    pub stages: Vec<Stage>,
    /// Why neighbouring instructions were not fused: one entry for each pair.
    pub notes: Vec<Note>,
    /// The launches and the memory.
    pub report: Report,
    /// The number of operands that the macro could not infer a type for. They are checked only when the trace is linked.
    pub holes: u32,
    /// Whether the function was already compiled for such arguments.
    pub cached: bool,
}

/// The launches of one kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelSummary<'a> {
    /// The name: `fused[rows]`, `matmul`, or the name of the generated kernel.
    pub name: &'a str,
    /// The element types and shapes of the results of its first launch.
    pub results: &'a str,
    /// The source lines that its launches come from, without repetition.
    pub lines: Vec<Loc>,
    /// The source: generated code, the interpreted program, or the name of a library.
    pub source: &'a str,
    /// The number of launches.
    pub launches: usize,
    /// The bytes that its launches read and write, where each launch counts each tensor once.
    pub bytes: usize,
    /// Floating-point operations of its launches.
    pub flops: usize,
}

impl Explanation {
    /// The trace after the pass of this name: `link`, `differentiate`, `fuse`. If a pass runs twice, after its last run.
    pub fn after(&self, pass: &str) -> Option<&Stage> {
        self.stages.iter().rev().find(|s| s.name == pass)
    }

    /// The kernels, without repetition, sorted by the bytes that they move, the most first.
    pub fn kernels(&self) -> Vec<KernelSummary<'_>> {
        let mut list: Vec<KernelSummary<'_>> = Vec::new();
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for s in &self.report.steps {
            let at = *known.entry((&s.name, &s.source)).or_insert_with(|| {
                let (name, results, source) = (&s.name, &s.results, &s.source);
                list.push(KernelSummary {
                    name,
                    results,
                    source,
                    lines: Vec::new(),
                    launches: 0,
                    bytes: 0,
                    flops: 0,
                });
                list.len() - 1
            });
            let kernel = &mut list[at];
            kernel.launches += 1;
            kernel.bytes += s.bytes;
            kernel.flops += s.flops;
            if s.line != Loc::NONE && !kernel.lines.contains(&s.line) {
                kernel.lines.push(s.line);
            }
        }
        list.sort_by_key(|k| std::cmp::Reverse((k.bytes, k.flops)));
        list
    }

    /// The pairs of source lines that were not fused, the most frequent first. Each has its first reason and the number of
    /// pairs of instructions with these lines; all layers of a model have the same lines.
    pub fn not_fused(&self) -> Vec<(&Note, usize)> {
        let mut list: Vec<(&Note, usize)> = Vec::new();
        let mut known = HashMap::new();
        for n in &self.notes {
            let lines = (&n.producer, n.producer_loc, &n.consumer, n.consumer_loc);
            let at = *known.entry(lines).or_insert_with(|| {
                list.push((n, 0));
                list.len() - 1
            });
            list[at].1 += 1;
        }
        list.sort_by_key(|&(_, times)| std::cmp::Reverse(times));
        list
    }

    /// Everything as text: the page, the trace after every pass, every reason, and every kernel's source.
    pub fn full(&self) -> impl fmt::Display + '_ {
        text::Full(self)
    }
}

thread_local! {
    /// The explanations of the calls so far in the closure that is being explained. The value is never dropped, so that
    /// destructors of other thread locals can still use it. [`collect`] removes what it puts in, so nothing leaks.
    static CALLS: RefCell<ManuallyDrop<Option<Vec<Explanation>>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Whether calls on this thread are being explained.
pub(crate) fn active() -> bool {
    CALLS.with_borrow(|calls| calls.is_some())
}

pub(crate) fn push(e: Explanation) {
    CALLS.with_borrow_mut(|calls| calls.iter_mut().for_each(|list| list.push(e.clone())));
}

/// Runs `f`, and returns the explanations pushed meanwhile.
pub(crate) fn collect<R>(f: impl FnOnce() -> Result<R, Error>) -> Result<Vec<Explanation>, Error> {
    /// Restores the list of the enclosing closure, also if `f` unwinds.
    struct Outer(Option<Vec<Explanation>>);
    impl Drop for Outer {
        fn drop(&mut self) {
            CALLS.with_borrow_mut(|calls| **calls = self.0.take());
        }
    }
    let _outer = Outer(CALLS.with_borrow_mut(|calls| calls.replace(Vec::new())));
    f()?;
    Ok(CALLS.with_borrow_mut(|calls| calls.take()).unwrap_or_default())
}
