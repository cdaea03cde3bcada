//! What users do wrong around a call, and what they are told: an error or a panic, at their own place.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use thunder_core::call::{Own, Ref, call, explain, invoke, scope};
use thunder_core::device::Device;
use thunder_core::error::Error;
use thunder_core::item::{At, Item, Node, Operand, Options, Param, Spec, Transform};
use thunder_core::link::{grad, scan, vjp};
use thunder_core::module::{Mapper, Tree, Visitor};
use thunder_core::op::{Flag, Op};
use thunder_core::tensor::{Arithmetic, Scalar, Tensor, TensorOperand, TensorOps, full, lit};
use thunder_core::types::{Axes, DType, Elem, Extent, Shape, Ty};
use thunder_oracle::Oracle;

/// An operator, as a body has it.
#[track_caller]
fn mul<A: TensorOperand, B: TensorOperand>(a: &A, b: &B) -> <A::Flat as Arithmetic<B::Flat>>::Out
where
    A::Flat: Arithmetic<B::Flat>,
{
    Arithmetic::mul((a.flat(), b.flat()))
}

/// An operator, as a body has it.
#[track_caller]
fn add<A: TensorOperand, B: TensorOperand>(a: &A, b: &B) -> <A::Flat as Arithmetic<B::Flat>>::Out
where
    A::Flat: Arithmetic<B::Flat>,
{
    Arithmetic::add((a.flat(), b.flat()))
}

type Vector = Tensor<f32, (usize,)>;
type Matrix = Tensor<f32, (usize, usize)>;

const AT: At = At { line: 1, column: 1 };

fn device() -> Device {
    Device::register(Arc::new(Oracle))
}

fn matrix() -> Matrix {
    Matrix::on(device(), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 3)).unwrap()
}

fn item(
    params: &'static [Param],
    dims: &'static [&'static str],
    nodes: Vec<Node>,
    output: Operand,
) -> &'static Item {
    Box::leak(Box::new(Item {
        name: "f",
        file: "f.rs",
        line: 1,
        dims,
        elems: &[],
        params,
        result: Spec::Opaque("_"),
        types: &[],
        nodes: Box::leak(nodes.into_boxed_slice()),
        output,
        holes: 0,
        options: Options::default(),
    }))
}

/// An item of one opaque parameter, whose recording fails before it is matched.
fn opaque() -> &'static Item {
    item(&[Param { name: "x", ty: Spec::Opaque("_"), by_ref: true }], &[], Vec::new(), Operand::Hole)
}

/// The error of a body on a 2 by 3 matrix.
fn refused<R: Tree>(body: impl Fn((Matrix,)) -> R + 'static) -> Error {
    let x = matrix();
    match call(opaque(), (Ref(&x),), body) {
        Ok(_) => panic!("it was not refused"),
        Err(e) => e.error,
    }
}

fn place(e: &Error) -> &str {
    match e {
        Error::Type { loc, .. } => loc.file,
        other => panic!("{other}"),
    }
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where `f` panics, as the panic hook is told; `None` if the hook is not.
fn reported_at(f: impl FnOnce()) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            PANICKED_AT.with(|p| *p.borrow_mut() = info.location().map(|l| l.file().to_string()));
        }));
    });
    PANICKED_AT.with(|p| p.borrow_mut().take());
    let _ = catch_unwind(AssertUnwindSafe(f));
    PANICKED_AT.with(|p| p.borrow_mut().take())
}

#[test]
fn panics_are_at_the_callers_place() {
    let x = matrix();
    device().set_default();
    let here = |f: &dyn Fn()| assert!(reported_at(f).is_some_and(|file| file.ends_with("calls.rs")));
    here(&|| drop(Vector::from_vec(vec![1.0], (2,))));
    here(&|| drop(Matrix::full(1.0, (usize::MAX, 2))));
    here(&|| drop(invoke(opaque(), (Ref(&x),), |(x,): (Matrix,)| x.reshape((5,)))));
    here(&|| drop(x.exp()));
}

#[test]
fn a_scope_reports_the_panics_that_are_none_of_its_own() {
    assert!(reported_at(|| drop(scope(|| panic!("the user's")))).is_some());
    let x = matrix();
    let mut error = None;
    let reported = reported_at(|| {
        error = scope(|| invoke(opaque(), (Ref(&x),), |(x,): (Matrix,)| x.reshape((5,)))).err();
    });
    assert!(matches!(error, Some(Error::Type { .. })) && reported.is_none(), "{error:?} {reported:?}");
}

#[test]
fn a_host_call_inside_a_trace_is_refused_and_harms_nothing() {
    fn inner((x,): (Matrix,)) -> Matrix {
        x.exp()
    }
    fn outer((x,): (Matrix,)) -> Matrix {
        let refused = call(opaque(), (Ref(&x),), inner);
        assert!(refused.is_err_and(|e| e.to_string().contains("inside a trace")));
        x.exp()
    }
    let node = Node::Op { dst: 1, op: Op::Exp, args: &[Operand::Var(0)], at: AT };
    let params: &[Param] = &[Param { name: "x", ty: Spec::Opaque("_"), by_ref: true }];
    let y = call(item(params, &[], vec![node], Operand::Var(1)), (Ref(&matrix()),), outer).unwrap();
    assert_eq!(y.to_vec()[0], 1.0);
}

#[test]
fn host_tensors_do_not_slip_into_a_trace() {
    let e = refused(|(x,)| (Vector::on(device(), &[1.0], (1,)).unwrap(), x));
    assert!(e.to_string().contains("pass it as a parameter"), "{e}");
    let e = refused(|(x,)| add(&x, &Vector::on(device(), &[1.0], (1,)).unwrap()));
    assert!(e.to_string().contains("pass it as a parameter") && place(&e).ends_with("calls.rs"), "{e}");
}

#[test]
fn numbers_fit_the_element_type_they_stand_beside() {
    let e = refused(|(x,)| mul(&x.cast::<u8>(), &lit(300)));
    assert!(e.to_string().contains("300 is no value of u8"), "{e}");
    let e = refused(|(x,)| x.cast::<i64>().clamp(0.5, 2));
    assert!(e.to_string().contains("`clamp`: 0.5 is no value of i64, which holds whole numbers"), "{e}");
    let e = refused(|(x,)| x.cast::<i32>().pad(((0, 1), (0, 0)), 1.5));
    assert!(e.to_string().contains("`pad`: 1.5 is no value of i32"), "{e}");
    assert!(place(&e).ends_with("calls.rs"));
}

#[test]
fn sizes_and_indices_that_cannot_be() {
    for e in [
        refused(|(x,)| x.sum_keepdim(-128)),
        refused(|(x,)| x.broadcast_to((1 << 40, 2, 3)).broadcast_to((1 << 40, 1 << 40, 2, 3))),
        refused(|(x,)| x.select_index(0, usize::MAX)),
        refused(|(x,)| x.narrow(0, usize::MAX, 1)),
        refused(|(x,)| x.permute([0, 1, 2, 3, 4, 5, 6, 7, 8])),
        refused(|(x,)| x.slice_update(0, x.broadcast_to((2, 3)).pad(((0, 1), (0, 0)), 0.0), 0)),
        refused(|(x,)| x.sum(..).rms_norm(None, 1e-6)),
    ] {
        assert!(place(&e).ends_with("calls.rs"), "{e}");
    }
}

#[test]
fn the_place_of_an_operation_is_the_users() {
    let e = refused(|(x,)| thunder_core::rt::chunk_vec(&x, 2, 1, 0));
    assert!(place(&e).ends_with("calls.rs"), "{e}");
    let e = refused(|(x,)| {
        let mut n = 0;
        scan(x.sum(..), &x, |carry, row| {
            n += 1;
            (carry, row.narrow(0, 0, n))
        })
    });
    assert!(place(&e).ends_with("calls.rs"), "{e}");
}

#[test]
fn a_cotangent_has_the_type_of_the_result() {
    let e = refused(|(x,)| vjp(&x, |x| x.exp(), &x.narrow(0, 0, 1)));
    assert!(e.to_string().contains("expected f32[2, 3], found f32[1, 3]"), "{e}");
}

#[test]
fn an_extent_that_later_arguments_decide_is_checked() {
    const fn of(e: Extent) -> Spec {
        Spec::Tensor(Ty::new(Elem::Known(DType::F32), Shape::new(&[e])))
    }
    const PARAMS: &[Param] = &[
        Param { name: "x", ty: of(Extent::var(0).add(Extent::var(1))), by_ref: true },
        Param { name: "a", ty: of(Extent::var(0)), by_ref: true },
        Param { name: "b", ty: of(Extent::var(1)), by_ref: true },
    ];
    let vector = |n: usize| Vector::on(device(), &vec![1.0; n], (n,)).unwrap();
    let body = |(x, _, _): (Vector, Vector, Vector)| x;
    let f = item(PARAMS, &["T1", "T2"], Vec::new(), Operand::Var(0));
    assert!(call(f, (Ref(&vector(5)), Ref(&vector(2)), Ref(&vector(3))), body).is_ok());
    let e = call(f, (Ref(&vector(6)), Ref(&vector(2)), Ref(&vector(3))), body).unwrap_err();
    assert!(e.to_string().contains("T1 + T2 = 5, found 6"), "{e}");
}

/// A parameter, and a buffer that is a structure of its own.
#[derive(Clone)]
struct Model {
    mean: (Vector, Vector),
    weight: Vector,
}

impl Tree for Model {
    fn visit(&self, v: &mut dyn Visitor) {
        v.buffer();
        v.field("mean");
        self.mean.visit(v);
        v.leave();
        v.field("weight");
        self.weight.visit(v);
        v.leave();
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        m.buffer();
        m.field("mean");
        let mean = self.mean.map(m);
        m.leave();
        m.field("weight");
        let weight = self.weight.map(m);
        m.leave();
        Model { mean, weight }
    }
}

#[test]
fn buffers_have_zero_gradients() {
    fn body((m,): (Model,)) -> Model {
        grad(&m, |m| mul(&mul(&m.weight, &m.mean.0), &m.mean.1).sum(..))
    }
    let field = |dst, base, step| Node::Project { dst, base, step };
    use thunder_core::item::Step::{Field, Index};
    let nodes = vec![
        field(3, 2, Field("weight")),
        field(4, 2, Field("mean")),
        field(5, 4, Index(0)),
        Node::Op { dst: 6, op: Op::Mul, args: &[Operand::Var(3), Operand::Var(5)], at: AT },
        field(7, 4, Index(1)),
        Node::Op { dst: 8, op: Op::Mul, args: &[Operand::Var(6), Operand::Var(7)], at: AT },
        Node::Op {
            dst: 9,
            op: Op::Sum { axes: Axes::ALL, keepdim: Flag::No },
            args: &[Operand::Var(8)],
            at: AT,
        },
    ];
    let region = Node::Region {
        dst: 1,
        kind: Transform::Grad,
        args: &[Operand::Var(0)],
        params: &[2],
        body: Box::leak(nodes.into_boxed_slice()),
        result: Operand::Var(9),
        at: AT,
    };
    let params: &[Param] = &[Param { name: "m", ty: Spec::Opaque("_"), by_ref: true }];
    let v = |x: f32| Vector::on(device(), &[x, x], (2,)).unwrap();
    let m = Model { mean: (v(2.0), v(3.0)), weight: v(5.0) };
    let f = item(params, &[], vec![region], Operand::Var(1));
    let text = explain(f, (Ref(&m),), body).unwrap().full().to_string();
    let g = call(f, (Ref(&m),), body).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(
        (g.mean.0.to_vec(), g.mean.1.to_vec(), g.weight.to_vec()),
        (vec![0.0; 2], vec![0.0; 2], vec![6.0; 2])
    );
}

#[test]
fn a_refused_call_gives_its_arguments_back() {
    let e = call(opaque(), (Own(matrix()),), |(x,): (Matrix,)| -> Scalar<f32> {
        let _ = full::<f32, _>((3,), 1.0);
        x.sum((0, 1)).reshape((2,)).sum(..)
    });
    let (x,) = e.unwrap_err().args.unwrap();
    assert_eq!(x.shape(), (2, 3));
}
