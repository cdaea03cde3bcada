//! Linking against a compile-time trace: the right one passes, each tampering is refused.

use std::sync::Arc;
use thunder_core::device::Device;
use thunder_core::error::Error;
use thunder_core::rt::*;
use thunder_oracle::Oracle;

type Matrix = Tensor<f32, (usize, usize)>;

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
            Param { name: "k", ty: Spec::Static, by_ref: false },
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
        Err(e @ Error::Link { .. }) => assert!(e.to_string().contains(what), "{e}"),
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
    let text = explain(item, (Ref(&x),), body).unwrap().to_string();
    assert!(text.contains("value_and_grad") && text.contains("after fuse"), "{text}");
    let g = call(item, (Ref(&x),), body).unwrap();
    assert_eq!(g.to_vec(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
}
