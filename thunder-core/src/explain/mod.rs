//! What became of a function: [`Explanation`], and the explanations of a closure's calls.

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

/// What happened to a function for some arguments. Its `Display` is a page: the work, the memory, the launches grouped
/// by kernel, and what was not fused. The rest is asked for by name: [`Explanation::after`] gives the trace after a
/// pass, [`Explanation::kernels`] each kernel with its source, and [`Explanation::full`] prints everything.
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
    /// The trace after each pass, with the pass's time; the first is the linked trace.
    pub stages: Vec<Stage>,
    /// Why neighbours were not fused, one entry for each pair.
    pub notes: Vec<Note>,
    /// The launches and the memory.
    pub report: Report,
    /// How many operands the macro could not type, so that they are checked only when the trace is linked.
    pub holes: u32,
    /// Whether a call with these arguments was compiled before.
    pub cached: bool,
}

/// The launches of one kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelSummary<'a> {
    /// What it is: `fused[rows]`, `matmul`, or the name of the generated kernel.
    pub name: &'a str,
    /// The element types and shapes of the results of its first launch.
    pub results: &'a str,
    /// The source lines that its launches come from, each once.
    pub lines: Vec<Loc>,
    /// Its source: generated code, the program that is interpreted, or the name of a library.
    pub source: &'a str,
    /// How often it is launched.
    pub launches: usize,
    /// Bytes that its launches read and write, each tensor once a launch.
    pub bytes: usize,
    /// Floating-point operations of its launches.
    pub flops: usize,
}

impl Explanation {
    /// The trace after the pass of this name: `link`, `differentiate`, `fuse`. The last one, where a pass runs twice.
    pub fn after(&self, pass: &str) -> Option<&Stage> {
        self.stages.iter().rev().find(|s| s.name == pass)
    }

    /// The kernels, each once, those that move most bytes first.
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

    /// The pairs of source lines that were not fused, each once with its first reason and how many pairs of
    /// instructions it stands for (the layers of a model have the same lines), the most frequent first.
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
    /// What the calls of the closure under explanation have become so far. Never dropped, so that it is there in the
    /// destructors of other thread locals too: [`collect`] takes what it puts in.
    static CALLS: RefCell<ManuallyDrop<Option<Vec<Explanation>>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Whether calls are to be explained.
pub(crate) fn active() -> bool {
    CALLS.with_borrow(|calls| calls.is_some())
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
            CALLS.with_borrow_mut(|calls| **calls = self.0.take());
        }
    }
    let _outer = Outer(CALLS.with_borrow_mut(|calls| calls.replace(Vec::new())));
    f()?;
    Ok(CALLS.with_borrow_mut(|calls| calls.take()).unwrap_or_default())
}
