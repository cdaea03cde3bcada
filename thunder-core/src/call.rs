//! Calls: from the host, cached by what a trace can depend on; inside a trace, inlined.

use crate::device::Device;
use crate::error::Error;
use crate::exec::{Arg as RunArg, Buffer, Executable};
use crate::explain::{self, Explanation};
use crate::item::{Item, Param};
use crate::link::log::Leaves;
use crate::link::{dims, matcher, quiet, record};
use crate::module::{Mapper, StaticValue, Tree, Visitor};
use crate::pipeline::{self, Stage};
use crate::tensor::{Key, RawTensor};
use crate::trace::{Loc, Trace};
use crate::types::TyRef;
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::mem::take;
use std::sync::{Arc, LazyLock, RwLock};

/// An argument taken by reference: never written over.
pub struct Ref<'a, T>(pub &'a T);

/// An argument taken by value: its memory may be reused for the results.
pub struct Own<T>(pub T);

/// One argument of a call.
pub trait Arg {
    /// The argument itself.
    type Tree: Tree;
    /// What a refused call gives back.
    type Given;
    /// Whether it is donated.
    const OWNED: bool;
    /// The argument.
    fn tree(&self) -> &Self::Tree;
    /// The argument, by value; cloned if it was given by reference.
    fn into_tree(self) -> Self::Tree;
    /// What a refused call gives back.
    fn give(self) -> Self::Given;
    /// The same, made anew from a structure of this form with the leaves that `m` gives.
    fn restore(tree: &Self::Tree, m: &mut dyn Mapper) -> Self::Given;
}

impl<T: Tree> Arg for Ref<'_, T> {
    type Tree = T;
    type Given = ();
    const OWNED: bool = false;
    fn tree(&self) -> &T {
        self.0
    }
    fn into_tree(self) -> T {
        self.0.clone()
    }
    fn give(self) {}
    fn restore(tree: &T, m: &mut dyn Mapper) {
        tree.map(m);
    }
}

impl<T: Tree> Arg for Own<T> {
    type Tree = T;
    type Given = T;
    const OWNED: bool = true;
    fn tree(&self) -> &T {
        &self.0
    }
    fn into_tree(self) -> T {
        self.0
    }
    fn give(self) -> T {
        self.0
    }
    fn restore(tree: &T, m: &mut dyn Mapper) -> T {
        tree.map(m)
    }
}

/// Sees the leaves of all arguments.
pub trait ArgVisitor: Visitor {
    /// The next leaves belong to this argument.
    fn argument(&mut self, index: usize, owned: bool);
}

/// All arguments of a call, as a tuple of [`Ref`] and [`Own`].
pub trait Args: Sized {
    /// The arguments, by value.
    type Owned: Send + Sync + 'static;
    /// What a refused call gives back: `()` for each that was given by reference.
    type Given;
    /// Shows every leaf.
    fn visit(&self, v: &mut dyn ArgVisitor);
    /// Traced parameters in place of the arguments.
    fn parameters(&self, params: &[Param]) -> Self::Owned;
    /// The arguments, by value.
    fn owned(self) -> Self::Owned;
    /// A copy of the arguments.
    fn copy(owned: &Self::Owned) -> Self::Owned;
    /// What a refused call gives back.
    fn give(self) -> Self::Given;
    /// What a refused call gives back, made anew from `owned` with the leaves that `m` gives.
    fn restore(owned: &Self::Owned, m: &mut dyn Mapper) -> Self::Given;
    /// The traced leaves of each argument.
    #[doc(hidden)]
    fn leaves(owned: &Self::Owned) -> ArgLeaves;
}

/// The traced leaves of each argument.
#[doc(hidden)]
pub struct ArgLeaves(pub(crate) Vec<Leaves>);

macro_rules! args {
    ($(($($t:ident $i:tt),*);)*) => {$(
        impl<$($t: Arg),*> Args for ($($t,)*) {
            type Owned = ($($t::Tree,)*);
            type Given = ($($t::Given,)*);
            #[allow(unused_variables)]
            fn visit(&self, v: &mut dyn ArgVisitor) {
                $(v.argument($i, $t::OWNED); self.$i.tree().visit(v);)*
            }
            #[allow(unused_variables, clippy::unused_unit)]
            fn parameters(&self, params: &[Param]) -> Self::Owned {
                ($(record::parameters(self.$i.tree(), params.get($i).map_or("", |p| p.name)),)*)
            }
            #[allow(clippy::unused_unit)]
            fn owned(self) -> Self::Owned { ($(self.$i.into_tree(),)*) }
            #[allow(unused_variables, clippy::unused_unit)]
            fn copy(owned: &Self::Owned) -> Self::Owned { ($(owned.$i.clone(),)*) }
            #[allow(clippy::unused_unit)]
            fn give(self) -> Self::Given { ($(self.$i.give(),)*) }
            #[allow(unused_variables, clippy::unused_unit)]
            fn restore(owned: &Self::Owned, m: &mut dyn Mapper) -> Self::Given { ($($t::restore(&owned.$i, m),)*) }
            #[allow(unused_variables)]
            fn leaves(owned: &Self::Owned) -> ArgLeaves { ArgLeaves(vec![$(record::leaves(&owned.$i)),*]) }
        }
    )*};
}

args! {
    ();
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
}

/// A refused call: why, and the arguments that were given by value.
pub struct CallError<Given> {
    /// Why.
    pub error: Error,
    /// The arguments; `None` if the device failed after the launch, when they are lost.
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
struct Compiled<O, R> {
    exe: Arc<dyn Executable>,
    /// The arguments with traced leaves: what a refused run gives back is made from it.
    arguments: O,
    /// Their leaves' types.
    inputs: Vec<TyRef>,
    /// The result with traced leaves, to be replaced in order.
    template: R,
    types: Vec<TyRef>,
}

/// Calls `body`: inside a trace it is inlined, on the host it is a cached call.
///
/// # Panics
/// On the host, with the error's message, if the call is refused.
#[track_caller]
pub fn invoke<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(item: &'static Item, args: A, body: F) -> R {
    if record::active() {
        let owned = args.owned();
        let leaves = A::leaves(&owned).0;
        return record::inline(item, Some(TypeId::of::<F>()), leaves, || body(owned));
    }
    match call(item, args, body) {
        Ok(result) => result,
        // Unwinds to the scope, and is no panic that anybody should read of.
        Err(e) if SCOPED.with(Cell::get) => std::panic::resume_unwind(Box::new(ScopedError(e.error))),
        // Not in a closure, where the place would be this file.
        Err(e) => panic!("{e}"),
    }
}

struct ScopedError(Error);

thread_local! {
    static SCOPED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a host closure in which each `#[thunder]` call is an ordinary cached call; the first that is refused
/// ends the closure, and its error is the result.
///
/// ```
/// use thunder_core::call::scope;
/// // Nothing is called here that could be refused.
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

/// Runs a closure on the host, and explains each of its `#[thunder]` calls, in order. The calls run, too.
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

/// Calls `body`, that of a function that takes closures, inside a trace. A closure stands among the arguments as
/// `()`: what it does is logged where it is called.
///
/// # Panics
/// On the host, where such a function can't be called: nothing says what a closure reads, so there is no key.
#[track_caller]
pub fn inline<A: Args, R: Tree>(item: &'static Item, args: A, body: impl FnOnce(A::Owned) -> R) -> R {
    if record::active() {
        let owned = args.owned();
        let leaves = A::leaves(&owned).0;
        return record::inline(item, None, leaves, || body(owned));
    }
    let error = Error::HostCall { function: item.name.into(), loc: Loc::caller() };
    if SCOPED.with(Cell::get) {
        std::panic::resume_unwind(Box::new(ScopedError(error)));
    }
    panic!("{error}")
}

/// What a call's arguments come to: the key of the cache, the buffers, the device.
#[derive(Default)]
struct Gathered {
    words: Vec<u64>,
    args: Vec<RunArg>,
    donated: Vec<bool>,
    keys: Vec<(usize, [u32; 2])>,
    device: Option<Device>,
    owned: bool,
    argument: usize,
    /// The first argument that lies elsewhere: its index, and where.
    elsewhere: Option<(usize, Device)>,
    /// The first argument with a tensor that has no memory.
    without: Option<usize>,
}

/// Lists of words, buffers and donations.
type Lists = (Vec<u64>, Vec<RunArg>, Vec<bool>);

thread_local! {
    /// The lists of the last call, empty: a call of many parameters would grow its own anew.
    static SPARE: Cell<Lists> = const { Cell::new((Vec::new(), Vec::new(), Vec::new())) };
}

impl Gathered {
    fn new() -> Gathered {
        let mut g = Gathered::default();
        (g.words, g.args, g.donated) = SPARE.take();
        g
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        self.words.clear();
        self.args.clear();
        self.donated.clear();
        let lists = (take(&mut self.words), take(&mut self.args), take(&mut self.donated));
        // A thread that ends has no use for them.
        let _ = SPARE.try_with(|spare| spare.set(lists));
    }
}

impl Visitor for Gathered {
    fn tensor(&mut self, t: &RawTensor) {
        if let RawTensor::Concrete { buffer, ty, device } = t {
            self.words.push(ty.id() << 1 | u64::from(self.owned));
            if *self.device.get_or_insert(*device) != *device {
                self.elsewhere.get_or_insert((self.argument, *device));
            }
            let arg =
                if self.owned { RunArg::Donated(buffer.clone()) } else { RunArg::Borrowed(buffer.clone()) };
            self.args.push(arg);
            self.donated.push(self.owned);
        } else {
            self.without.get_or_insert(self.argument);
        }
    }
    fn key(&mut self, key: Key) {
        self.words.push(u64::MAX);
        self.keys.push((self.args.len() + self.keys.len(), key.words()));
        self.donated.push(false);
    }
    fn fixed(&mut self, value: StaticValue<'_>) {
        match value {
            StaticValue::Bits(b) => self.words.push(b),
            StaticValue::Text(t) => {
                self.words.push(t.len() as u64);
                self.words.extend(t.bytes().map(u64::from));
            }
        }
    }
}

impl ArgVisitor for Gathered {
    fn argument(&mut self, index: usize, owned: bool) {
        self.argument = index;
        self.owned = owned;
    }
}

/// Multiply and rotate: the keys are short lists of small numbers, looked up at every call.
#[derive(Default)]
pub(crate) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = (self.0.rotate_left(5) ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn write_usize(&mut self, x: usize) {
        self.write_u64(x as u64);
    }
}

type Cache = HashMap<Vec<u64>, Arc<dyn Any + Send + Sync>, BuildHasherDefault<WordHasher>>;

static CACHE: LazyLock<RwLock<Cache>> = LazyLock::new(Default::default);

fn gather<A: Args, F: 'static>(item: &'static Item, args: &A) -> Result<(Gathered, Device), Error> {
    // The type of the body stands for the body in the key: it must not hold values of its own.
    const { assert!(size_of::<F>() == 0, "a body captures nothing") };
    if record::active() {
        let text = format!("`{}::call` inside a trace: call the function itself", item.name);
        return Err(Error::Type { text, loc: Loc { file: item.file, line: item.line, column: 1 } });
    }
    let mut g = Gathered::new();
    let mut h = WordHasher::default();
    TypeId::of::<F>().hash(&mut h);
    g.words.push(h.finish());
    args.visit(&mut g);
    let device = g.device.unwrap_or_else(Device::default_device);
    if let Some((index, found)) = g.elsewhere {
        return Err(Error::Device {
            function: item.name.into(),
            argument: item.params.get(index).map_or("?", |p| p.name).into(),
            expected: device.name().into(),
            found: found.name().into(),
        });
    }
    if let Some(index) = g.without {
        return Err(Error::Argument {
            function: item.name.into(),
            argument: item.params.get(index).map_or("?", |p| p.name).into(),
            expected: "a tensor".into(),
            found: "one without elements: it belongs to a trace, or an earlier failure left it".into(),
        });
    }
    g.words.push(device.id());
    for (at, words) in take(&mut g.keys) {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        g.args.insert(at, RunArg::Borrowed(device.backend().upload(&bytes)?));
    }
    Ok((g, device))
}

/// Calls `body` on the host: looks the key up, compiles at the first call for it, runs.
///
/// # Errors
/// Why the call was refused, with the arguments that were given by value.
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
    let known = CACHE.read().unwrap_or_else(|e| e.into_inner()).get(&g.words).cloned();
    let compiled: Arc<Compiled<A::Owned, R>> = match known.and_then(|c| c.downcast().ok()) {
        Some(c) => c,
        None => {
            let linked = link(item, &args, &body).and_then(|linked| {
                let inputs =
                    linked.trace.body.params.iter().map(|&p| TyRef::new(linked.trace.ty(p))).collect();
                let outcome =
                    pipeline::compile(linked.trace, device.backend(), &g.donated, item.options, None)?;
                let (arguments, template) = (linked.arguments, linked.result);
                Ok(Arc::new(Compiled {
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
                    CACHE.write().unwrap_or_else(|e| e.into_inner()).insert(take(&mut g.words), entry);
                    c
                }
                Err(error) => return Err(CallError { error, args: Some(args.give()) }),
            }
        }
    };
    // From here on a donated buffer is held by `g` alone, unless the caller kept a clone of the tensor.
    drop(args);
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

/// Puts buffers in the places of traced leaves, in order.
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

/// What linking gives.
struct Linked<O, R> {
    trace: Trace,
    arguments: O,
    result: R,
}

/// Records the body on traced parameters, and verifies the record.
fn link<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: &A,
    body: &F,
) -> Result<Linked<A::Owned, R>, Error> {
    let (outcome, mut recorder) = record::session(item.name, || {
        let arguments = args.parameters(item.params);
        let leaves = A::leaves(&arguments).0;
        dims::guard(item, &leaves)?;
        let inputs = A::copy(&arguments);
        let result = record::inline(item, Some(TypeId::of::<F>()), leaves, || body(inputs));
        Ok((arguments, result))
    });
    let outcome = match outcome {
        Ok(result) => result,
        Err(payload) => Err(recorder.error.take().unwrap_or_else(|| Error::StaticPanic {
            function: item.name.into(),
            message: quiet::message(&*payload),
            loc: quiet::place(),
        })),
    };
    if let Some(error) = recorder.error.take() {
        return Err(error);
    }
    let (arguments, result) = outcome?;
    matcher::verify(item, &recorder.log, &recorder.trace)?;
    let results = match recorder.log.last() {
        Some(crate::link::log::Event::Exit { result }) => result.list.iter().map(|(_, v)| *v).collect(),
        _ => Vec::new(),
    };
    Ok(Linked { trace: recorder.finish(results), arguments, result })
}

/// What happened to a function for these arguments.
///
/// # Errors
/// Why it can't be linked or compiled.
pub fn explain<A: Args, R: Tree, F: Fn(A::Owned) -> R + 'static>(
    item: &'static Item,
    args: A,
    body: F,
) -> Result<Explanation, Error> {
    let (g, device) = gather::<A, F>(item, &args)?;
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
    let text = crate::transform::dce::renumber(&trace).to_string();
    let mut stages = vec![Stage { name: "link", trace: text, time: start.elapsed() }];
    let cached = CACHE.read().unwrap_or_else(|e| e.into_inner()).contains_key(&g.words);
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

/// The bool a static condition is, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a branch on a tensor value: it decides while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is not a `bool` that is known while tracing",
    note = "compute both and choose: `select(condition, x, y)`; or a mask"
)]
pub trait StaticBool {
    /// The value.
    fn get(self) -> bool;
}

#[diagnostic::do_not_recommend]
impl StaticBool for bool {
    fn get(self) -> bool {
        self
    }
}

#[diagnostic::do_not_recommend]
impl StaticBool for &bool {
    fn get(self) -> bool {
        *self
    }
}

/// A number that `as` converts, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a host read: `as` makes a Rust number of a tensor, and while tracing it holds nothing yet",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "another element type: `x.cast::<f32>()`"
)]
pub trait StaticNumber {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
}

/// A bound of a range, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a branch on a tensor value: a range bound decides while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "a static bound, with `select` or a mask for what lies beyond; for a loop also `scan`"
)]
pub trait StaticBound {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
}

/// An index, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a host read: an index into a Rust list must be known while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is no Rust index that is known while tracing",
    note = "put the list into a tensor and take from it: `stack(&xs, 0).index_select(0, i)`"
)]
pub trait StaticIndex {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
}

macro_rules! known {
    ($trait:ident: $($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $trait for $t {
            type This = $t;
            fn get(self) -> $t {
                self
            }
        }
    )*};
}

known! { StaticNumber: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char }
known! { StaticBound: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char }
known! { StaticIndex: usize }

/// What `as` converts: a number, or a compile error that says so.
pub fn static_number<T: StaticNumber<This = N>, N>(x: T) -> N {
    x.get()
}

/// A bound of a range: a number, or a compile error that says so.
pub fn static_bound<T: StaticBound<This = N>, N>(x: T) -> N {
    x.get()
}

/// An index: a `usize`, or a compile error that says so.
pub fn static_index<T: StaticIndex<This = N>, N>(x: T) -> N {
    x.get()
}

/// A condition of unknown kind: a `bool`, or a compile error that says so.
pub fn static_cond<T: StaticBool>(condition: T) -> bool {
    condition.get()
}

/// Extents, `_` for one that is left open.
fn wanted(expected: &[Option<usize>]) -> String {
    let list: Vec<String> = expected.iter().map(|e| e.map_or("_".into(), |n| n.to_string())).collect();
    format!("[{}]", list.join(", "))
}

/// Checks an annotated binding's extents when the trace is linked.
#[track_caller]
pub fn assert_shape<E: crate::types::Element, S: crate::tensor::Shape>(
    x: &crate::tensor::Tensor<E, S>,
    expected: &[Option<usize>],
    names: &str,
) {
    let sizes = x.shape().sizes();
    let fits =
        sizes.len() == expected.len() && sizes.iter().zip(expected).all(|(s, e)| e.is_none_or(|e| e == *s));
    if !fits && record::active() {
        record::fail(Error::Type {
            text: format!(
                "annotated as {names}, which is {}; the tensor has shape {sizes:?}",
                wanted(expected)
            ),
            loc: Loc::caller(),
        });
    }
}
