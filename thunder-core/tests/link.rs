//! Linking against a compile-time trace: the right one passes, each tampering is refused.

use std::sync::Arc;
use thunder_core::call::{call, explain, inline};
use thunder_core::device::Device;
use thunder_core::error::Error;
use thunder_core::item::Options;
use thunder_core::rt::*;
use thunder_oracle::Oracle;

type Matrix = Tensor<f32, (usize, usize)>;

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

/// What `fn f(x: &Tensor<f32, (B, C)>, k: f32) -> Tensor<f32, (B, C)> { x.exp() * k + x }` becomes.
fn body((x, k): (Matrix, f32)) -> Matrix {
    let y = x.exp();
    let z = mul(&y, &lit(k));
    add(&z, &x)
}

const BC: Ty = Ty::new(Elem::Known(DType::F32), Extents::new(&[Extent::var(0), Extent::var(1)]));
const AT: At = At { line: 1, column: 1 };

fn op(dst: Var, op: Op, args: &'static [Operand]) -> Node {
    Node::Op { dst, op, args, at: AT }
}

const FULL: Op = Op::Full { value: Literal::Free, elem: Elem::Unknown, shape: Extents::SCALAR };

fn nodes() -> Vec<Node> {
    vec![
        op(2, Op::Exp, &[Operand::Var(0)]),
        op(3, FULL, &[]),
        op(4, Op::Mul, &[Operand::Var(2), Operand::Var(3)]),
        op(5, Op::Add, &[Operand::Var(4), Operand::Var(0)]),
    ]
}

fn item(nodes: Vec<Node>, types: Vec<Ty>, output: Operand) -> &'static Item {
    Box::leak(Box::new(Item {
        name: "f",
        file: "link.rs",
        line: 1,
        dims: &["B", "C"],
        elems: &[],
        params: &[
            Param { name: "x", ty: Spec::Tensor(BC), by_ref: true },
            Param { name: "k", ty: Spec::Static("f32"), by_ref: false },
        ],
        result: Spec::Tensor(BC),
        types: Box::leak(types.into_boxed_slice()),
        nodes: Box::leak(nodes.into_boxed_slice()),
        output,
        holes: 0,
        options: Options::default(),
    }))
}

fn types() -> Vec<Ty> {
    let scalar = Ty::new(Elem::Unknown, Extents::SCALAR);
    vec![BC, Ty::UNKNOWN, BC, scalar, BC, BC]
}

fn run(item: &'static Item) -> Result<Vec<f32>, Error> {
    let device = Device::register(Arc::new(Oracle));
    let x = Matrix::on(device, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 3)).unwrap();
    // A closure of its own type for each call, so that no cache entry is shared between items.
    explain(item, (Ref(&x), Own(2.0f32)), body)?;
    Ok(call(item, (Ref(&x), Own(2.0f32)), body).map_err(|e| e.error)?.to_vec())
}

#[track_caller]
fn refused(item: &'static Item, what: &str) {
    let device = Device::register(Arc::new(Oracle));
    let x = Matrix::on(device, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 3)).unwrap();
    match explain(item, (Ref(&x), Own(2.0f32)), body) {
        Err(e @ Error::Link { .. }) => {
            let text = e.to_string();
            assert!(text.contains(what) && text.contains("a fault of thunder's"), "{text}");
        }
        Err(e) => panic!("{e}"),
        Ok(_) => panic!("a tampered trace was linked"),
    }
}

#[test]
fn the_right_trace_links_and_runs() {
    let y = run(item(nodes(), types(), Operand::Var(5))).unwrap();
    for (i, y) in y.iter().enumerate() {
        let x = i as f32;
        assert!((y - (x.exp() * 2.0 + x)).abs() < 1e-4 * y.abs().max(1.0), "{y}");
    }
}

#[test]
fn another_operation_is_refused() {
    let mut n = nodes();
    n[0] = op(2, Op::Log, &[Operand::Var(0)]);
    refused(item(n, types(), Operand::Var(5)), "expected `log`, recorded `exp`");
}

#[test]
fn another_operand_is_refused() {
    let mut n = nodes();
    n[3] = op(5, Op::Add, &[Operand::Var(4), Operand::Var(2)]);
    refused(item(n, types(), Operand::Var(5)), "operand 1 of `add`");
}

#[test]
fn another_attribute_is_refused() {
    let mut n = nodes();
    n[1] = op(3, Op::Full { value: Literal::F(3.0), elem: Elem::Unknown, shape: Extents::SCALAR }, &[]);
    refused(item(n, types(), Operand::Var(5)), "attributes of `full`");
}

#[test]
fn another_order_is_refused() {
    let mut n = nodes();
    n.swap(0, 1);
    refused(item(n, types(), Operand::Var(5)), "expected `full`, recorded `exp`");
}

#[test]
fn another_extent_is_refused() {
    let mut t = types();
    t[4] = Ty::new(Elem::Known(DType::F32), Extents::new(&[Extent::var(1), Extent::var(0)]));
    refused(item(nodes(), t, Operand::Var(5)), "expected a result of type f32[C, B]");
}

#[test]
fn another_result_and_a_missing_operation_are_refused() {
    refused(item(nodes(), types(), Operand::Var(4)), "the result is another value");
    let mut n = nodes();
    n.pop();
    refused(item(n, types(), Operand::Var(4)), "expected the end");
}

#[test]
fn a_gradient_through_the_pipeline() {
    fn body((x,): (Matrix,)) -> Matrix {
        grad(&x, |x| x.square().sum(..))
    }
    let region = Node::Region {
        dst: 1,
        kind: Transform::Grad,
        args: &[Operand::Var(0)],
        params: &[2],
        body: Box::leak(Box::new([
            op(3, Op::Square, &[Operand::Var(2)]),
            op(4, Op::Sum { axes: Axes::ALL, keepdim: Flag::No }, &[Operand::Var(3)]),
        ])),
        result: Operand::Var(4),
        at: AT,
    };
    let item: &'static Item = Box::leak(Box::new(Item {
        name: "g",
        file: "link.rs",
        line: 1,
        dims: &["B", "C"],
        elems: &[],
        params: &[Param { name: "x", ty: Spec::Tensor(BC), by_ref: true }],
        result: Spec::Tensor(BC),
        types: &[BC, BC, BC, BC, Ty::UNKNOWN],
        nodes: Box::leak(Box::new([region])),
        output: Operand::Var(1),
        holes: 0,
        options: Options::default(),
    }));
    let device = Device::register(Arc::new(Oracle));
    let x = Matrix::on(device, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 3)).unwrap();
    let text = explain(item, (Ref(&x),), body).unwrap().full().to_string();
    assert!(text.contains("value_and_grad") && text.contains("after fuse"), "{text}");
    let g = call(item, (Ref(&x),), body).unwrap();
    assert_eq!(g.to_vec(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
}

/// What `fn apply(x: &Tensor<f32, (B, C)>, f: impl Fn(&Tensor<f32, (B, C)>) -> Tensor<f32, (B, K)>) { f(x).square() }`
/// becomes, called as `apply(x, |t| t.exp() * x)`.
mod closures {
    use super::*;
    use std::cell::Cell;

    const BK: Ty = Ty::new(Elem::Known(DType::F32), Extents::new(&[Extent::var(0), Extent::var(2)]));

    fn leak<T>(list: Vec<T>) -> &'static [T] {
        Box::leak(list.into_boxed_slice())
    }

    fn apply(nodes: Vec<Node>, given: Ty) -> &'static Item {
        Box::leak(Box::new(Item {
            name: "apply",
            file: "link.rs",
            line: 2,
            dims: &["B", "C", "K"],
            params: leak(vec![
                Param { name: "x", ty: Spec::Tensor(BC), by_ref: true },
                Param {
                    name: "f",
                    ty: Spec::Closure(Box::leak(Box::new(Spec::Tensor(given)))),
                    by_ref: false,
                },
            ]),
            types: leak(vec![BC, Ty::UNKNOWN, given, given]),
            nodes: leak(nodes),
            output: Operand::Var(3),
            ..Item::OPAQUE
        }))
    }

    fn applied() -> Vec<Node> {
        vec![
            Node::Call { dst: 2, callee: Callee::Closure(1), args: &[Operand::Var(0)], at: AT },
            op(3, Op::Square, &[Operand::Var(2)]),
        ]
    }

    fn multiplied(by: &'static [Operand]) -> Vec<Node> {
        vec![op(3, Op::Exp, &[Operand::Var(2)]), op(4, Op::Mul, by)]
    }

    fn caller(body: Vec<Node>, result: Operand, given: Operand) -> &'static Item {
        let call = Node::Call {
            dst: 5,
            callee: Callee::Method("apply"),
            args: leak(vec![Operand::Var(0), given]),
            at: AT,
        };
        Box::leak(Box::new(Item {
            name: "caller",
            file: "link.rs",
            line: 3,
            dims: &["B", "C"],
            params: &[Param { name: "x", ty: Spec::Tensor(BC), by_ref: true }],
            types: leak(vec![BC, Ty::UNKNOWN, Ty::UNKNOWN, BC, BC, Ty::UNKNOWN]),
            nodes: leak(vec![Node::Closure { dst: 1, params: &[2], body: leak(body), result }, call]),
            output: Operand::Var(5),
            ..Item::OPAQUE
        }))
    }

    thread_local! {
        /// The trace of `apply`: a body captures nothing.
        static APPLY: Cell<&'static Item> = const { Cell::new(&Item::OPAQUE) };
    }

    fn body((x,): (Matrix,)) -> Matrix {
        let f = |t: &Matrix| mul(&t.exp(), &x);
        inline(APPLY.get(), (Ref(&x), Own(())), |(x, ())| f(&x).square())
    }

    fn link(caller: &'static Item, apply: &'static Item) -> Result<(), Error> {
        let device = Device::register(Arc::new(Oracle));
        let x = Matrix::on(device, &[0.0, 0.5, 1.0, 1.5], (2, 2)).unwrap();
        APPLY.set(apply);
        explain(caller, (Ref(&x),), body).map(|_| ())
    }

    const RIGHT: &[Operand] = &[Operand::Var(3), Operand::Var(0)];

    #[track_caller]
    fn refused(caller: &'static Item, apply: &'static Item, what: &str) {
        match link(caller, apply) {
            Err(e @ Error::Link { .. }) => assert!(e.to_string().contains(what), "{e}"),
            Err(e) => panic!("{e}"),
            Ok(_) => panic!("a tampered trace was linked"),
        }
    }

    #[test]
    fn the_right_trace_links_and_runs() {
        let caller = caller(multiplied(RIGHT), Operand::Var(4), Operand::Var(1));
        link(caller, apply(applied(), BK)).unwrap();
        let device = Device::register(Arc::new(Oracle));
        let x = Matrix::on(device, &[0.0, 0.5, 1.0, 1.5], (2, 2)).unwrap();
        let y = call(caller, (Ref(&x),), body).unwrap().to_vec();
        for (y, x) in y.iter().zip([0.0f32, 0.5, 1.0, 1.5]) {
            assert!((y - (x.exp() * x).powi(2)).abs() < 1e-4 * y.abs().max(1.0), "{y}");
        }
    }

    #[test]
    fn another_body_is_refused() {
        let wrong = vec![op(3, Op::Log, &[Operand::Var(2)]), op(4, Op::Mul, RIGHT)];
        refused(
            caller(wrong, Operand::Var(4), Operand::Var(1)),
            apply(applied(), BK),
            "expected `log`, recorded `exp`",
        );
        let wrong = multiplied(&[Operand::Var(3), Operand::Var(2)]);
        // The parameter is the argument: that the value is the same is no error.
        assert!(
            link(caller(wrong, Operand::Var(4), Operand::Var(1)), apply(applied(), BK)).is_ok(),
            "x is t"
        );
        let wrong = multiplied(&[Operand::Var(3), Operand::Var(3)]);
        refused(
            caller(wrong, Operand::Var(4), Operand::Var(1)),
            apply(applied(), BK),
            "operand 1 of `mul` is another value",
        );
    }

    #[test]
    fn another_result_is_refused() {
        refused(
            caller(multiplied(RIGHT), Operand::Var(3), Operand::Var(1)),
            apply(applied(), BK),
            "operand 0 of `square` is another value",
        );
    }

    #[test]
    fn no_call_of_the_closure_and_two_are_refused() {
        let right = || caller(multiplied(RIGHT), Operand::Var(4), Operand::Var(1));
        let none = vec![op(3, Op::Square, &[Operand::Var(0)])];
        refused(right(), apply(none, BK), "expected `square`, recorded `exp`");
        let mut two = applied();
        two.insert(0, Node::Call { dst: 2, callee: Callee::Closure(1), args: &[Operand::Var(0)], at: AT });
        refused(right(), apply(two, BK), "expected `exp`, recorded `square`");
        let other = vec![
            op(2, Op::Exp, &[Operand::Var(0)]),
            Node::Call { dst: 3, callee: Callee::Closure(1), args: &[Operand::Var(2)], at: AT },
        ];
        refused(right(), apply(other, BK), "expected `exp`, recorded `mul`");
    }

    #[test]
    fn what_is_no_closure_is_refused() {
        let given = |o| caller(multiplied(RIGHT), Operand::Var(4), o);
        refused(given(Operand::Hole), apply(applied(), BK), "no closure of the trace");
        refused(given(Operand::Var(0)), apply(applied(), BK), "argument `f` of `apply` is another value");
    }

    #[test]
    fn another_type_of_the_result_is_refused() {
        let right = caller(multiplied(RIGHT), Operand::Var(4), Operand::Var(1));
        let vector = Ty::new(Elem::Known(DType::F32), Extents::new(&[Extent::var(0)]));
        refused(right, apply(applied(), vector), "`f` gives (2, 2), and its type says (B,)");
        let wide = Ty::new(Elem::Known(DType::F32), Extents::new(&[Extent::var(0), Extent::new(3)]));
        refused(right, apply(applied(), wide), "`f` gives (2, 2), and its type says (B, 3)");
        let half = Ty::new(Elem::Known(DType::F16), Extents::new(&[Extent::var(0), Extent::var(2)]));
        refused(right, apply(applied(), half), "expected a result of type f16[B, K]");
    }
}
