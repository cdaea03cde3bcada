//! Recording: a body runs once with traced tensors, and every operation lands here.

use super::dims::Solver;
use super::log::{Event, Leaves, PathStep};
use super::saturate::saturate;
use crate::error::Error;
use crate::item::{Item, Transform};
use crate::module::{Mapper, StaticValue, Tree, Visitor};
use crate::op::{Lit, Op, infer};
use crate::tensor::{Key, RawTensor};
use crate::trace::{Body, Inst, InstData, Kind, Loc, Trace, Value};
use crate::types::{DType, Elem, Extent, Shape, Ty};
use std::any::TypeId;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

/// The trace being recorded on this thread, with the log of how it came about.
pub(crate) struct Recorder {
    pub(crate) trace: Trace,
    /// Instructions of the open bodies, innermost last.
    open: Vec<Vec<Inst>>,
    /// What happened, in order.
    pub(crate) log: Vec<Event>,
    /// The first failure.
    pub(crate) error: Option<Error>,
    /// The functions being inlined, innermost last.
    stack: Vec<Frame>,
}

/// A function that is being inlined.
struct Frame {
    /// The type of its body, if that tells it from others.
    body: Option<TypeId>,
    item: &'static Item,
    /// Where it is called.
    called: Loc,
}

thread_local! {
    /// Never dropped, so that it is there in the destructors of other thread locals too: a session takes what it puts
    /// in.
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

/// Runs `f` with a recorder for a trace named `name`; gives the recorder back even if `f` unwinds.
pub(crate) fn session<T>(name: &str, f: impl FnOnce() -> T) -> (std::thread::Result<T>, Recorder) {
    let fresh = Recorder {
        trace: Trace::new(name),
        open: vec![Vec::new()],
        log: Vec::new(),
        error: None,
        stack: Vec::new(),
    };
    let outer = RECORDER.with(|r| r.borrow_mut().replace(fresh));
    let result = super::quiet::catch(f);
    let recorder = RECORDER.with(|r| std::mem::replace(&mut **r.borrow_mut(), outer));
    // Nothing inside a session takes the recorder away: bodies can't reach it.
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
        // The outermost function is called on the host: that call gives the error.
        if let Error::Type { text, .. } = &mut error {
            for f in self.stack.iter().skip(1).rev() {
                text.push_str(&format!("\n  in `{}`, called at {}", f.item.name, f.called));
            }
        }
        self.error = Some(error);
    }
}

/// Notes a failure; the first one is what the call gives.
pub(crate) fn fail(error: Error) {
    with(|r| r.fail(error));
}

/// Notes a failure at the caller's place.
#[track_caller]
pub(crate) fn fail_text<T>(text: &str) -> Option<T> {
    fail(Error::Type { text: text.into(), loc: Loc::caller() });
    None
}

/// The value of a tensor inside the trace.
#[track_caller]
pub(crate) fn value(x: &RawTensor, what: &str) -> Option<Value> {
    match x {
        RawTensor::Traced(v) if active() => Some(*v),
        RawTensor::Poison => None,
        RawTensor::Concrete { .. } if active() => {
            fail_text(&format!("`{what}`: a host tensor inside a trace; pass it as a parameter"))
        }
        _ => panic!("`{what}` runs only inside a `#[thunder]` function"),
    }
}

/// Appends `op`; the caller's place is the user's.
#[track_caller]
pub(crate) fn op(op: Op, args: &[&RawTensor]) -> RawTensor {
    append(op, args, true, Loc::caller())
}

/// Appends `op` for a transform written at `loc`, which the compile-time trace does not list.
pub(crate) fn unlogged(op: Op, args: &[&RawTensor], loc: Loc) -> RawTensor {
    append(op, args, false, loc)
}

#[track_caller]
fn append(op: Op, args: &[&RawTensor], logged: bool, loc: Loc) -> RawTensor {
    if !active() {
        panic!("`{}` runs only inside a `#[thunder]` function", op.name());
    }
    let mut values = Vec::with_capacity(args.len());
    for a in args {
        match a {
            RawTensor::Traced(v) => values.push(*v),
            RawTensor::Poison => return RawTensor::Poison,
            RawTensor::Concrete { .. } => {
                let text = format!("`{}`: a host tensor inside a trace; pass it as a parameter", op.name());
                fail(Error::Type { text, loc });
                return RawTensor::Poison;
            }
        }
    }
    match push_op(op, &values, loc, logged) {
        Some(v) => RawTensor::Traced(v),
        None => RawTensor::Poison,
    }
}

fn op_values(op: Op, values: &[Value], loc: Loc) -> Option<Value> {
    push_op(op, values, loc, true)
}

fn push_op(op: Op, values: &[Value], loc: Loc, logged: bool) -> Option<Value> {
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

/// Whether a type is concrete, of a size that memory can have.
fn fits_memory(ty: Ty) -> bool {
    let sizes: Option<Vec<usize>> = ty.shape.dims().iter().map(|d| d.value()).collect();
    let known = !ty.shape.is_unknown() && ty.shape.lead == 0;
    let (Some(sizes), Some(dtype), true) = (sizes, ty.elem.known(), known) else { return false };
    Shape::fits(&sizes, dtype.size())
}

/// A static number as an element of type `dtype`; `what` asks for it.
#[track_caller]
pub(crate) fn number(what: &str, lit: Lit, dtype: DType) -> Option<Lit> {
    match lit.element(dtype) {
        Ok(lit) => Some(lit),
        Err(why) => fail_text(&crate::op::no_element(what, lit, dtype, why)),
    }
}

/// A scalar constant in the element type of `like`; `what` asks for it.
#[track_caller]
pub(crate) fn scalar(what: &str, lit: Lit, like: &RawTensor) -> RawTensor {
    let Some(ty) = like.ty() else { return RawTensor::Poison };
    let dtype = ty.dtype();
    let Some(value) = number(what, lit, dtype) else { return RawTensor::Poison };
    constant(value, dtype)
}

#[track_caller]
fn constant(value: Lit, dtype: DType) -> RawTensor {
    op(Op::Full { value, elem: Elem::Known(dtype), shape: Shape::SCALAR }, &[])
}

/// A number as an operand of `op` beside the tensor `x`, and the operation that is applied to the two: a comparison
/// with an integer outside of the tensor's element type is one with the end of its range that is as true.
#[track_caller]
pub(crate) fn beside(op: Op, lit: Lit, x: &RawTensor, number_first: bool) -> (Op, RawTensor) {
    let Some(ty) = x.ty() else { return (op, RawTensor::Poison) };
    let dtype = ty.dtype();
    match saturate(op, lit, dtype, number_first) {
        Some((op, end)) => (op, constant(end, dtype)),
        None => (op, scalar(op.name(), lit, x)),
    }
}

/// Extents of a traced value.
pub(crate) fn sizes(v: Value) -> Vec<usize> {
    ty(v).map(|t| t.sizes()).unwrap_or_default()
}

/// The type of a traced value.
pub(crate) fn ty(v: Value) -> Option<Ty> {
    with(|r| r.trace.ty(v))
}

/// The `index`th of `n` keys.
#[track_caller]
pub(crate) fn key_split(key: Option<Value>, n: usize, index: usize) -> Option<Value> {
    op_values(Op::KeySplit { n: Extent::new(n), index: Extent::new(index) }, &[key?], Loc::caller())
}

/// The key folded with a number known when linked.
#[track_caller]
pub(crate) fn fold_in_static(key: Option<Value>, data: i64) -> Option<Value> {
    let loc = Loc::caller();
    let full = Op::Full { value: Lit::I(data.into()), elem: Elem::Known(DType::I64), shape: Shape::SCALAR };
    let data = op_values(full, &[], loc)?;
    op_values(Op::FoldIn, &[key?, data], loc)
}

/// The key folded with a traced number.
#[track_caller]
pub(crate) fn fold_in(key: Option<Value>, data: &RawTensor) -> Option<Value> {
    op_values(Op::FoldIn, &[key?, value(data, "fold_in")?], Loc::caller())
}

/// Marks that arm `arm` of the choice `site` runs.
pub fn arm(site: u16, arm: u16) {
    with(|r| r.log.push(Event::Arm(site, arm)));
}

/// Marks that an iteration of the loop `site` begins.
pub fn iter(site: u16) {
    with(|r| r.log.push(Event::Iter(site)));
}

/// Traced stand-ins for the leaves of `tree`, as new parameters of the recorded trace.
pub(crate) fn parameters<T: Tree>(tree: &T, name: &str) -> T {
    struct Params<'a> {
        name: &'a str,
        path: Vec<PathStep>,
    }
    impl Params<'_> {
        fn add(&self, ty: Ty) -> Option<Value> {
            let name = super::log::spell(self.name, &self.path);
            with(|r| r.trace.param(name, ty))
        }
    }
    #[diagnostic::do_not_recommend]
    impl Mapper for Params<'_> {
        fn field(&mut self, name: &'static str) {
            self.path.push(PathStep::Field(name));
        }
        fn index(&mut self, index: usize) {
            self.path.push(PathStep::Index(index as u32));
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            match t.ty().and_then(|ty| self.add(ty)) {
                Some(v) => RawTensor::Traced(v),
                None => RawTensor::Poison,
            }
        }
        fn key(&mut self, _: Key) -> Key {
            Key::traced(self.add(Ty::KEY))
        }
    }
    tree.map(&mut Params { name, path: Vec::new() })
}

/// New parameters of the recorded trace, of these types.
pub(crate) fn values(types: &[Ty]) -> Vec<RawTensor> {
    let param = |(i, &ty): (usize, &Ty)| with(|r| r.trace.param(format!("x{i}"), ty));
    types.iter().enumerate().map(|x| param(x).map_or(RawTensor::Poison, RawTensor::Traced)).collect()
}

/// The traced leaves of `tree`, with their paths and types, and its dimensions if it is a struct.
pub(crate) fn leaves<T: Tree>(tree: &T) -> Leaves {
    #[derive(Default)]
    struct Collect {
        path: Vec<PathStep>,
        out: Leaves,
    }
    impl Collect {
        fn add(&mut self, v: Value) {
            self.out.list.push((self.path.clone(), v));
            if let Some(ty) = ty(v) {
                self.out.types.push((self.path.clone(), ty));
            }
        }
    }
    #[diagnostic::do_not_recommend]
    impl Visitor for Collect {
        fn field(&mut self, name: &'static str) {
            self.path.push(PathStep::Field(name));
        }
        fn index(&mut self, index: usize) {
            self.path.push(PathStep::Index(index as u32));
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) {
            match t {
                RawTensor::Traced(v) => self.add(*v),
                // It would be missing among the leaves, and shift those after it.
                RawTensor::Concrete { .. } => {
                    let text = "a host tensor inside a trace: pass it as a parameter".into();
                    fail(Error::Type { text, loc: Loc::NONE });
                }
                RawTensor::Poison => {}
            }
        }
        fn key(&mut self, key: Key) {
            if let Some(v) = key.value() {
                self.add(v);
            }
        }
        fn fixed(&mut self, _: StaticValue<'_>) {}
    }
    let mut c = Collect::default();
    tree.visit(&mut c);
    let solver = Solver::solve(tree);
    if let Some(root) = solver.root {
        c.out.dims = root.names.iter().zip(&root.sizes).filter_map(|(n, &s)| Some((*n, s?))).collect();
    }
    c.out.wrong = solver.wrong;
    c.out
}

/// Inlines a function into the trace: logs its entry with the arguments, runs it, logs its exit.
///
/// The type of its body tells whether it is entered again. A function that takes closures has none that could, because
/// what a closure borrows is part of its type; there it is recursion when it is entered deeper than anybody nests
/// closures.
#[track_caller]
pub(crate) fn inline<R: Tree>(
    item: &'static Item,
    body: Option<TypeId>,
    args: Vec<Leaves>,
    run: impl FnOnce() -> R,
) -> R {
    const DEEPEST: usize = 32;
    let called = Loc::caller();
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
        // Unwinds to the session: going on would not end.
        panic!(
            "`{}` reaches itself: {path}\n\n       help: write a loop over static values, or `scan`",
            item.name
        );
    }
    with(|r| r.log.push(Event::Enter { item, args }));
    let result = run();
    let leaves = leaves(&result);
    with(|r| {
        r.log.push(Event::Exit { result: leaves });
        r.stack.pop();
    });
    result
}

/// Runs a method of a trait of std's, which holds no tensors and leaves nothing in the log: `==` reaches it unseen.
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

/// Opens a nested body.
pub(crate) fn open_region(kind: Transform, args: Vec<Leaves>, params: Vec<Leaves>) {
    with(|r| {
        r.open.push(Vec::new());
        r.log.push(Event::Open { kind, args, params });
    });
}

/// Gives another value to each leaf of a structure that is no buffer; `buffer` says what those become.
struct Replace<'a> {
    depth: usize,
    /// The depth around the outermost buffer that the walk is in.
    outside: Option<usize>,
    leaf: &'a mut dyn FnMut(Ty) -> Option<Value>,
    buffer: &'a mut dyn FnMut(Value, Ty) -> Option<Value>,
}

impl Replace<'_> {
    fn value(&mut self, v: Option<Value>) -> Option<Value> {
        let v = v?;
        let ty = ty(v)?;
        if self.outside.is_some() { (self.buffer)(v, ty) } else { (self.leaf)(ty) }
    }
}

#[diagnostic::do_not_recommend]
impl Mapper for Replace<'_> {
    fn buffer(&mut self) {
        self.outside.get_or_insert(self.depth);
    }
    fn field(&mut self, _: &'static str) {
        self.depth += 1;
    }
    fn index(&mut self, _: usize) {
        self.depth += 1;
    }
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.outside == Some(self.depth) {
            self.outside = None;
        }
    }
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        let RawTensor::Traced(v) = t else { return t.clone() };
        self.value(Some(*v)).map_or(RawTensor::Poison, RawTensor::Traced)
    }
    fn key(&mut self, key: Key) -> Key {
        Key::traced(self.value(key.value()))
    }
}

/// New values of the types of `tree`'s leaves, not parameters of the trace. Buffers stay themselves: no
/// derivative is taken by them.
pub(crate) fn fresh<T: Tree>(tree: &T) -> T {
    let (leaf, buffer) = (&mut |ty| new_value(Some(ty)), &mut |v, _| Some(v));
    tree.map(&mut Replace { depth: 0, outside: None, leaf, buffer })
}

/// `tree` with its leaves replaced by their derivatives, in order, and its buffers by zeros.
pub(crate) fn derivatives<T: Tree>(tree: &T, values: &mut dyn Iterator<Item = Value>, loc: Loc) -> T {
    let zeros = &mut |_, ty: Ty| {
        let value = crate::rules::zero(ty.dtype());
        push_op(Op::Full { value, elem: ty.elem, shape: ty.shape }, &[], loc, false)
    };
    tree.map(&mut Replace { depth: 0, outside: None, leaf: &mut |_| values.next(), buffer: zeros })
}

/// Closes the nested body, and appends the instruction that holds it; gives its results.
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

/// Logs that a step of a transform begins, whose instructions stay in the body around it.
pub(crate) fn mark_open(kind: Transform, args: Vec<Leaves>, params: Vec<Leaves>) {
    with(|r| r.log.push(Event::Open { kind, args, params }));
}

/// Logs that the step ended.
pub(crate) fn mark_close<T: Tree>(result: &T) {
    let result = leaves(result);
    with(|r| r.log.push(Event::Close { result }));
}

/// A new value, defined by nothing yet.
pub(crate) fn new_value(ty: Option<Ty>) -> Option<Value> {
    with(|r| ty.map(|ty| r.trace.value(ty)))?
}

/// Logs what a transform gave outside.
pub(crate) fn region_result<T: Tree>(tree: &T) {
    let leaves = leaves(tree);
    with(|r| r.log.push(Event::Given { result: leaves }));
}

/// `tree` with its traced leaves replaced by `values`, in order.
pub(crate) fn replace<T: Tree>(tree: &T, values: &mut dyn Iterator<Item = Value>) -> T {
    struct InOrder<'a>(&'a mut dyn Iterator<Item = Value>);
    #[diagnostic::do_not_recommend]
    impl Mapper for InOrder<'_> {
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            match t {
                RawTensor::Traced(_) => self.0.next().map_or(RawTensor::Poison, RawTensor::Traced),
                other => other.clone(),
            }
        }
        fn key(&mut self, key: Key) -> Key {
            if key.value().is_some() { Key::traced(self.0.next()) } else { key }
        }
    }
    tree.map(&mut InOrder(values))
}
