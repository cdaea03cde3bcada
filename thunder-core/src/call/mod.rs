//! Calls: on the host, compiled and cached by everything that a trace can depend on; inside a trace, inlined.

mod args;
pub mod cache;
mod custom;
mod gate;
mod key;
mod shared;
mod statics;
mod update;

pub use args::{ArgLeaves, ArgVisitor, Args, Argument, Own, Ref};
pub use custom::{Given, derivative};
pub use gate::{Closed, Gate, Open};
pub use statics::{
    Plain, PlainEnum, PlainText, StaticArgument, StaticBool, StaticBound, StaticChange, StaticIndex,
    StaticNumber, StaticPlace, StaticShift, StaticText, assert_shape,
};
#[doc(hidden)]
pub use update::take as take_place;
pub use update::update;

use crate::device::Device;
use crate::error::Error;
use crate::exec::{Arg as RunArg, Buffer, Executable};
use crate::explain::{self, Explanation};
use crate::item::Item;
use crate::link::{dims, matcher, structures};
use crate::module::{Mapper, Tree};
use crate::pipeline::{self, Stage};
use crate::recorder::{self, Event, panics};
use crate::tensor::{Key, RawTensor};
use crate::trace::{Loc, Trace};
use crate::types::TyRef;
use key::{Gathered, gather, gather_as_declared};
use shared::Watch;
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::mem::take;
use std::sync::Arc;

/// The error of a refused call, with the arguments that were passed by value.
pub struct CallError<Given> {
    /// The reason.
    pub error: Error,
    /// The arguments; `None` if the device failed after the launch, because they are lost then.
    pub args: Option<Given>,
}

impl<G> std::fmt::Display for CallError<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl<G> std::fmt::Debug for CallError<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl<G> std::error::Error for CallError<G> {}

impl<G> From<CallError<G>> for Error {
    fn from(e: CallError<G>) -> Error {
        e.error
    }
}

/// A compiled function for one key.
struct Specialisation<O, R> {
    exe: Arc<dyn Executable>,
    /// The arguments whose memory is reused for results.
    donors: Watch,
    /// The arguments with traced leaves, from which the arguments that a refused run returns are rebuilt.
    arguments: O,
    /// The types of their leaves.
    inputs: Vec<TyRef>,
    /// The result with traced leaves, which are replaced in order.
    template: R,
    types: Vec<TyRef>,
}

/// Calls `body`. Inside a trace it is inlined; on the host it is a cached call.
///
/// # Panics
/// On the host, with the error's message, if the call is refused.
#[track_caller]
pub fn invoke<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(item: &'static Item, args: A, body: F) -> R {
    if recorder::active() {
        let owned = args.owned();
        let leaves = A::leaves(&owned).0;
        return structures::inline(item, Some(TypeId::of::<F>()), leaves, || body(owned));
    }
    match call(item, args, body) {
        Ok(result) => result,
        Err(CallError { error, args }) => {
            if let Some(given) = args {
                A::rescue(given);
            }
            refuse(error)
        }
    }
}

/// Ends a refused call: with a panic, or with an error of the enclosing [`scope`].
///
/// # Panics
/// Always.
#[doc(hidden)]
#[track_caller]
pub fn refuse(error: Error) -> ! {
    if SCOPED.with(Cell::get) {
        // Unwinds to the scope without the panic message.
        std::panic::resume_unwind(Box::new(ScopedError(error)));
    }
    // Not in a closure: the location of the panic would be this file.
    panic!("{error}")
}

struct ScopedError(Error);

thread_local! {
    static SCOPED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a closure on the host, in which each `#[thunder]` call is an ordinary cached call. The first refused call ends the
/// closure, and its error is the result.
///
/// ```
/// use thunder_core::call::scope;
/// // No call in this closure can be refused.
/// assert_eq!(scope(|| 2 + 2).unwrap(), 4);
/// ```
///
/// # Errors
/// The first refused call's error.
pub fn scope<R>(f: impl FnOnce() -> R) -> Result<R, Error> {
    let outer = SCOPED.with(|s| s.replace(true));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    SCOPED.with(|s| s.set(outer));
    result.map_err(|payload| match payload.downcast::<ScopedError>() {
        Ok(e) => e.0,
        Err(other) => std::panic::resume_unwind(other),
    })
}

/// Runs a closure on the host, and returns an explanation of each of its `#[thunder]` calls, in order. The calls run
/// too.
///
/// ```
/// use thunder_core::call::explain_scope;
/// assert!(explain_scope(|| 2 + 2).unwrap().is_empty());
/// ```
///
/// # Errors
/// The first refused call's error.
pub fn explain_scope<R>(f: impl FnOnce() -> R) -> Result<Vec<Explanation>, Error> {
    explain::collect(|| scope(f))
}

/// Calls `body`, the body of a function that takes closures, inside a trace. In the arguments, `()` is in the place of a
/// closure. The operations of the closure are logged where it is called.
///
/// # Panics
/// On the host, where such a function can't be called: nothing tells what a closure captures, so there is no cache key.
#[track_caller]
pub fn inline<A: Args, R: Tree>(item: &'static Item, args: A, body: impl FnOnce(A::Owned) -> R) -> R {
    if recorder::active() {
        let owned = args.owned();
        let leaves = A::leaves(&owned).0;
        return structures::inline(item, None, leaves, || body(owned));
    }
    refuse(Error::HostCall { function: item.name.into(), loc: Loc::caller() })
}

/// Calls `body`, the body of a method of a std trait. It has no tensors, so it runs as plain code everywhere.
#[track_caller]
pub fn plain<A: Args, R>(name: &str, args: A, body: impl FnOnce(A::Owned) -> R) -> R {
    let owned = args.owned();
    if recorder::active() { recorder::plain(name, || body(owned)) } else { body(owned) }
}

/// Calls `body` on the host: looks up the cache key, compiles the function if the key is new, and runs it.
///
/// # Errors
/// The reason why the call was refused, with the arguments that were passed by value.
pub fn call<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: A,
    body: F,
) -> Result<R, CallError<A::Given>> {
    let (mut g, device) = match gather::<A, F>(item, &args) {
        Ok(x) => x,
        Err(error) => return Err(CallError { error, args: Some(args.give()) }),
    };
    if explain::active() {
        match explanation(item, &args, &body, &g, device) {
            Ok(e) => explain::push(e),
            Err(error) => return Err(CallError { error, args: Some(args.give()) }),
        }
    }
    let known = cache::get(&g.words);
    let compiled: Arc<Specialisation<A::Owned, R>> = match known.and_then(|c| c.downcast().ok()) {
        Some(c) => c,
        None => {
            let mut parts = cache::Parts::default();
            args.visit(&mut parts);
            cache::note(item, parts);
            let linked = link(item, &args, &body).and_then(|linked| {
                let inputs =
                    linked.trace.body.params.iter().map(|&p| TyRef::new(linked.trace.ty(p))).collect();
                let outcome =
                    pipeline::compile(linked.trace, device.backend(), &g.donated, item.options, None)?;
                let (arguments, template) = (linked.arguments, linked.result);
                Ok(Arc::new(Specialisation {
                    donors: Watch::new(outcome.exe.donors()),
                    exe: outcome.exe,
                    arguments,
                    inputs,
                    template,
                    types: outcome.types.into_iter().map(TyRef::new).collect(),
                }))
            });
            match linked {
                Ok(c) => {
                    let entry: Arc<dyn Any + Send + Sync> = c.clone();
                    cache::insert(take(&mut g.words), entry, c.exe.held_bytes());
                    c
                }
                Err(error) => return Err(CallError { error, args: Some(args.give()) }),
            }
        }
    };
    // From here on only `g` has a donated buffer, unless the caller has a clone of the tensor.
    drop(args);
    compiled.donors.look(item, &g.args, || A::leaves(&compiled.arguments));
    let fill = |buffers: Vec<Buffer>| Fill::new(buffers, device);
    match compiled.exe.run(&mut g.args) {
        Ok(buffers) => {
            let mut fill = fill(buffers);
            fill.types = compiled.types.iter();
            let result = compiled.template.map(&mut fill);
            fill.error.map_or(Ok(result), |error| Err(CallError { error, args: None }))
        }
        Err(error @ Error::OutOfMemory { .. }) => {
            let mut fill = fill(take(&mut g.args).into_iter().map(RunArg::into_buffer).collect());
            fill.types = compiled.inputs.iter();
            let given = A::restore(&compiled.arguments, &mut fill);
            Err(CallError { error, args: Some(given) })
        }
        Err(error) => Err(CallError { error, args: None }),
    }
}

/// Replaces traced leaves by buffers, in order.
struct Fill<'a> {
    buffers: std::vec::IntoIter<Buffer>,
    types: std::slice::Iter<'a, TyRef>,
    device: Device,
    error: Option<Error>,
}

impl Fill<'_> {
    fn new(buffers: Vec<Buffer>, device: Device) -> Self {
        Fill { buffers: buffers.into_iter(), types: [].iter(), device, error: None }
    }
}

#[diagnostic::do_not_recommend]
impl Mapper for Fill<'_> {
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        match (t, self.buffers.next(), self.types.next()) {
            (RawTensor::Traced(_), Some(buffer), Some(ty)) => {
                RawTensor::Concrete { buffer, ty: *ty, device: self.device }
            }
            _ => RawTensor::Poison,
        }
    }
    fn key(&mut self, key: Key) -> Key {
        let (Some(buffer), Some(_)) = (self.buffers.next(), self.types.next()) else { return key };
        let mut bytes = [0u8; 8];
        if let Err(e) = self.device.backend().download(&buffer, &mut bytes) {
            self.error.get_or_insert(e);
        }
        let word = |i: usize| u32::from_ne_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        Key::from_words([word(0), word(4)])
    }
}

/// The result of linking.
struct Linked<O, R> {
    trace: Trace,
    arguments: O,
    result: R,
}

/// Records the body with traced parameters, and verifies the record.
fn link<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: &A,
    body: &F,
) -> Result<Linked<A::Owned, R>, Error> {
    let (outcome, mut recorder) = recorder::session(item.name, || {
        let arguments = args.parameters(item.params);
        let leaves = A::leaves(&arguments).0;
        dims::guard(item, &leaves)?;
        let inputs = A::copy(&arguments);
        let result = structures::inline(item, Some(TypeId::of::<F>()), leaves, || body(inputs));
        Ok((arguments, result))
    });
    let outcome = match outcome {
        Ok(result) => result,
        Err(payload) => Err(recorder.error.take().unwrap_or_else(|| Error::StaticPanic {
            function: item.name.into(),
            message: panics::message(&*payload),
            loc: panics::place(),
        })),
    };
    if let Some(error) = recorder.error.take() {
        return Err(error);
    }
    let (arguments, result) = outcome?;
    matcher::verify(item, &recorder.log, &recorder.trace)?;
    let results = match recorder.log.last() {
        Some(Event::Exit { result }) => result.list.iter().map(|(_, v)| *v).collect(),
        _ => Vec::new(),
    };
    Ok(Linked { trace: recorder.finish(results), arguments, result })
}

/// Explains how a function is compiled for these arguments.
///
/// # Errors
/// The reason why it can't be linked or compiled.
pub fn explain<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: A,
    body: F,
) -> Result<Explanation, Error> {
    let (g, device) = gather_as_declared::<A, F>(item, &args)?;
    explanation(item, &args, &body, &g, device)
}

fn explanation<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: &A,
    body: &F,
    g: &Gathered,
    device: Device,
) -> Result<Explanation, Error> {
    let start = std::time::Instant::now();
    let trace = link(item, args, body)?.trace;
    let time = start.elapsed();
    let text = crate::transform::dce::renumber(&trace).to_string();
    let mut stages = vec![Stage { name: "link", trace: text, time }];
    let cached = cache::contains(&g.words);
    let outcome = pipeline::compile(trace, device.backend(), &g.donated, item.options, Some(&mut stages))?;
    Ok(Explanation {
        function: item.name.into(),
        device: device.name().into(),
        stages,
        notes: outcome.notes,
        report: outcome.exe.report(),
        holes: item.holes,
        cached,
    })
}
