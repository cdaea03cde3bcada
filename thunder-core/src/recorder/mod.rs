//! The trace that a body is recorded into.
//!
//! A body runs once with traced tensors. Each operation it calls is appended here, and each event (a call, an arm, an
//! iteration, a transform) is logged, so that linking can verify the record against the compile-time trace.

mod log;
pub(crate) mod panics;
mod saturate;

pub(crate) use log::{Event, Leaves, PathStep, spell};
pub(crate) use saturate::{is_saturated, saturate};

use crate::error::Error;
use crate::item::{Item, Transform};
use crate::op::{Lit, Op, infer, no_element};
use crate::trace::{Body, Inst, InstData, Kind, Loc, Trace, Value};
use crate::types::{DType, Shape, Ty};
use std::any::TypeId;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

/// The trace being recorded on this thread, with the log of the events that produced it.
pub(crate) struct Recorder {
    pub(crate) trace: Trace,
    /// The instructions of each open body; the innermost body is last.
    open: Vec<Vec<Inst>>,
    /// The events, in order.
    pub(crate) log: Vec<Event>,
    /// The first failure.
    pub(crate) error: Option<Error>,
    /// The functions being inlined; the innermost is last.
    stack: Vec<Frame>,
}

/// A function that is being inlined.
struct Frame {
    /// The type of its body, if each function has a body type of its own.
    body: Option<TypeId>,
    item: &'static Item,
    /// Where it is called.
    called: Loc,
}

thread_local! {
    /// The value is never dropped, so that destructors of other thread locals can still use it. A session removes what
    /// it puts in, so nothing leaks.
    static RECORDER: RefCell<ManuallyDrop<Option<Recorder>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Whether a trace is being recorded on this thread.
pub(crate) fn active() -> bool {
    RECORDER.with(|r| r.try_borrow().is_ok_and(|r| r.is_some()))
}

fn with<T>(f: impl FnOnce(&mut Recorder) -> T) -> Option<T> {
    RECORDER.with(|r| r.borrow_mut().as_mut().map(f))
}

/// Runs `f` with a recorder for a trace named `name`, and returns the recorder even if `f` unwinds.
pub(crate) fn session<T>(name: &str, f: impl FnOnce() -> T) -> (std::thread::Result<T>, Recorder) {
    let fresh = Recorder {
        trace: Trace::new(name),
        open: vec![Vec::new()],
        log: Vec::new(),
        error: None,
        stack: Vec::new(),
    };
    let outer = RECORDER.with(|r| r.borrow_mut().replace(fresh));
    let result = panics::catch(f);
    let recorder = RECORDER.with(|r| std::mem::replace(&mut **r.borrow_mut(), outer));
    // Nothing inside a session removes the recorder: bodies can't reach it.
    (result, recorder.unwrap_or_else(|| unreachable!("the recorder is taken only here")))
}

impl Recorder {
    /// The recorded trace with these results.
    pub(crate) fn finish(mut self, results: Vec<Value>) -> Trace {
        self.trace.body.insts = self.open.pop().unwrap_or_default();
        self.trace.body.results = results;
        self.trace
    }

    fn push(
        &mut self,
        kind: Kind,
        args: Vec<Value>,
        types: &[Ty],
        body: Option<Body>,
        loc: Loc,
    ) -> (Inst, Vec<Value>) {
        let results: Vec<Value> = types.iter().map(|&t| self.trace.value(t)).collect();
        let inst = self.trace.inst(InstData { kind, args, results: results.clone(), body, loc });
        if let Some(open) = self.open.last_mut() {
            open.push(inst);
        }
        (inst, results)
    }

    fn fail(&mut self, mut error: Error) {
        if self.error.is_some() {
            return;
        }
        // The outermost function is called on the host, and that call returns the error.
        if let Error::Type { text, .. } = &mut error {
            for f in self.stack.iter().skip(1).rev() {
                text.push_str(&format!("\n  in `{}`, called at {}", f.item.name, f.called));
            }
        }
        self.error = Some(error);
    }
}

/// Records a failure. The call returns the first one.
pub(crate) fn fail(error: Error) {
    with(|r| r.fail(error));
}

/// Records a failure at the caller's location.
#[track_caller]
pub(crate) fn fail_text<T>(text: &str) -> Option<T> {
    fail(Error::Type { text: text.into(), loc: Loc::caller() });
    None
}

/// Appends an operation; `None` if it failed. Operations that a transform adds by itself are not logged, because the
/// compile-time trace does not list them.
pub(crate) fn append(op: Op, values: &[Value], loc: Loc, logged: bool) -> Option<Value> {
    with(|r| {
        let types: Vec<Ty> = values.iter().map(|&v| r.trace.ty(v)).collect();
        if let Some(name) = op.unknown_extent() {
            let text =
                format!("`{}`: `{name}` is above {}, which no extent and no index is", op.name(), i64::MAX);
            r.fail(Error::Type { text, loc });
            return None;
        }
        match infer(&op, &types, &[]) {
            Ok(ty) if !fits_memory(ty) => {
                let text = format!("`{}`: the result {ty} has no size that fits in memory", op.name());
                r.fail(Error::Type { text, loc });
                None
            }
            Ok(ty) => {
                let (inst, results) = r.push(Kind::Op(op), values.to_vec(), &[ty], None, loc);
                if logged {
                    r.log.push(Event::Op(inst));
                }
                Some(results[0])
            }
            Err(m) => {
                r.fail(Error::Type { text: m.to_string(), loc });
                None
            }
        }
    })?
}

/// Whether a type is concrete and its size fits in memory.
fn fits_memory(ty: Ty) -> bool {
    let sizes: Option<Vec<usize>> = ty.shape.dims().iter().map(|d| d.value()).collect();
    let known = !ty.shape.is_unknown() && ty.shape.lead == 0;
    let (Some(sizes), Some(dtype), true) = (sizes, ty.elem.known(), known) else { return false };
    Shape::fits(&sizes, dtype.size())
}

/// A static number as an element of type `dtype`. `what` names the operation in the error.
#[track_caller]
pub(crate) fn number(what: &str, lit: Lit, dtype: DType) -> Option<Lit> {
    match lit.element(dtype) {
        Ok(lit) => Some(lit),
        Err(why) => fail_text(&no_element(what, lit, dtype, why)),
    }
}

/// The extents of a traced value.
pub(crate) fn sizes(v: Value) -> Vec<usize> {
    ty(v).map(|t| t.sizes()).unwrap_or_default()
}

/// The type of a traced value.
pub(crate) fn ty(v: Value) -> Option<Ty> {
    with(|r| r.trace.ty(v))
}

/// A new parameter of the trace.
pub(crate) fn parameter(name: String, ty: Ty) -> Option<Value> {
    with(|r| r.trace.param(name, ty))
}

/// A new value without a definition.
pub(crate) fn new_value(ty: Option<Ty>) -> Option<Value> {
    with(|r| ty.map(|ty| r.trace.value(ty)))?
}

/// Logs that arm `arm` of the static branch `site` runs.
pub fn arm(site: u16, arm: u16) {
    with(|r| r.log.push(Event::Arm(site, arm)));
}

/// Logs that an iteration of the loop `site` begins.
pub fn iter(site: u16) {
    with(|r| r.log.push(Event::Iter(site)));
}

/// Logs that a function is entered.
///
/// A function whose body type is on the stack already is recursive. A function that takes closures has no body type
/// that could tell, because what a closure borrows is part of the type; it counts as recursive when it is entered more
/// often than anybody nests closures.
///
/// # Panics
/// If the function is recursive: to go on would not end. The session catches the panic.
pub(crate) fn enter(item: &'static Item, body: Option<TypeId>, args: Vec<Leaves>, called: Loc) {
    const DEEPEST: usize = 32;
    let recursive = with(|r| {
        let again: Vec<usize> = (0..r.stack.len())
            .filter(|&i| if body.is_some() { r.stack[i].body == body } else { r.stack[i].item.is(item) })
            .collect();
        r.stack.push(Frame { body, item, called });
        let path = |from: usize| r.stack[from..].iter().map(|f| f.item.name).collect::<Vec<_>>().join(" -> ");
        match (body, &again[..]) {
            (Some(_), [_, ..]) => Some(path(0)),
            (None, [.., last]) if again.len() >= DEEPEST => Some(path(*last)),
            _ => None,
        }
    });
    if let Some(Some(path)) = recursive {
        panic!(
            "`{}` reaches itself: {path}\n\n       help: write a loop over static values, or `scan`",
            item.name
        );
    }
    with(|r| r.log.push(Event::Enter { item, args }));
}

/// Logs that the innermost function returns.
pub(crate) fn exit(result: Leaves) {
    with(|r| {
        r.log.push(Event::Exit { result });
        r.stack.pop();
    });
}

/// Runs a method of one of std's traits. It may not call tensor operations, and it leaves nothing in the log, because the
/// macro does not see the calls that `==` and the like make.
#[track_caller]
pub(crate) fn plain<R>(name: &str, run: impl FnOnce() -> R) -> R {
    let loc = Loc::caller();
    let start = with(|r| r.log.len()).unwrap_or_default();
    let result = run();
    with(|r| {
        if r.log[start..].iter().any(|e| matches!(e, Event::Op(_) | Event::Open { .. })) {
            let text = format!(
                "`{name}` works with tensors, and std's traits reach it unseen\n\n       \
                 help: call a `#[thunder]` function of another name"
            );
            r.fail(Error::Type { text, loc });
        }
        r.log.truncate(start);
    });
    result
}

/// Opens the nested body of a transform.
pub(crate) fn open_region(kind: Transform, args: Vec<Leaves>, params: Vec<Leaves>) {
    with(|r| {
        r.open.push(Vec::new());
        r.log.push(Event::Open { kind, args, params });
    });
}

/// Closes the nested body, appends the instruction that contains it, and returns that instruction's results.
#[track_caller]
pub(crate) fn close_region(
    kind: Kind,
    args: Vec<Value>,
    params: Vec<Value>,
    result: Leaves,
    types: impl FnOnce(&[Ty]) -> Vec<Ty>,
) -> Vec<Value> {
    let loc = Loc::caller();
    with(|r| {
        let insts = r.open.pop().unwrap_or_default();
        let outs: Vec<Value> = result.list.iter().map(|(_, v)| *v).collect();
        let out_types: Vec<Ty> = outs.iter().map(|&v| r.trace.ty(v)).collect();
        let body = Body { params, insts, results: outs };
        let (_, results) = r.push(kind, args, &types(&out_types), Some(body), loc);
        r.log.push(Event::Close { result });
        results
    })
    .unwrap_or_default()
}

/// Logs that a step of a transform begins. Its instructions stay in the enclosing body.
pub(crate) fn open_step(kind: Transform, args: Vec<Leaves>, params: Vec<Leaves>) {
    with(|r| r.log.push(Event::Open { kind, args, params }));
}

/// Logs that the step ended.
pub(crate) fn close_step(result: Leaves) {
    with(|r| r.log.push(Event::Close { result }));
}

/// Logs the result that a transform returns to the enclosing body.
pub(crate) fn transform_result(result: Leaves) {
    with(|r| r.log.push(Event::Given { result }));
}
