//! Operations of the user's own, on every device.

use thunder::custom::{CudaKernel, CudaLaunch, CustomOp, Elements, ElementsMut, derivative};
use thunder::prelude::*;
use thunder::types::DType;

type Vector = Tensor<f32, (usize,)>;

/// `x³`; what differs from a power only in its kernels.
static CUBE: CustomOp = CustomOp {
    name: "cube",
    types: |x| match x[0].dtype() {
        DType::F32 => Ok(x[0]),
        other => Err(format!("takes f32, found {other}")),
    },
    cpu: Some(|x, y| {
        if let (Elements::F32(x), ElementsMut::F32(y)) = (x[0].elements, &mut y.elements) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x * x * x);
        }
    }),
    cuda: Some(CudaKernel {
        entry: "cube",
        source: r#"
extern "C" __global__ void cube(const float* x, float* y, unsigned count)
{
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) y[i] = x[i] * x[i] * x[i];
}
"#,
        launch: |_, y| CudaLaunch::each(y.count(), 64),
    }),
    vjp: Some(|types| derivative(types, |x| cube_vjp(&x.get(0), &x.get(1)))),
};

#[thunder]
fn cube_vjp(x: &Tensor<f32, (N,)>, dy: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.square() * 3.0 * dy
}

#[thunder]
fn cube(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    custom(&CUBE, (x,))
}

/// `y[i] = w[j[i]] * x[i]` for rows of `w`: operands of three types and ranks.
static SCALED_ROWS: CustomOp = CustomOp {
    name: "scaled_rows",
    types: |x| {
        let (w, j) = (x[0].sizes(), x[1].sizes());
        if w.len() == 2 && j.len() == 1 && x[2].sizes() == [j[0]] {
            return Ok(thunder::custom::Ty::of(DType::F32, &[j[0], w[1]]));
        }
        Err(format!("takes a matrix, indices and as many factors, found {}, {}, {}", x[0], x[1], x[2]))
    },
    cpu: Some(|x, y| {
        let [w, j, s] = x else { return };
        let columns = w.shape[1];
        let (Elements::F32(w), Elements::I64(j), Elements::F32(s)) = (w.elements, j.elements, s.elements)
        else {
            return;
        };
        if let ElementsMut::F32(y) = &mut y.elements {
            for (at, y) in y.iter_mut().enumerate() {
                *y = w[j[at / columns] as usize * columns + at % columns] * s[at / columns];
            }
        }
    }),
    cuda: Some(CudaKernel {
        entry: "scaled_rows",
        source: r#"
extern "C" __global__ void scaled_rows(const float* w, const long long* j, const float* s, float* y, unsigned count,
    unsigned columns)
{
    const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < count) y[at] = w[j[at / columns] * columns + at % columns] * s[at / columns];
}
"#,
        launch: |x, y| {
            let mut launch = CudaLaunch::each(y.count(), 64);
            launch.extents.push(x[0].sizes()[1] as u32);
            launch
        },
    }),
    vjp: Some(|types| derivative(types, |x| scaled_rows_vjp(&x.get(0), &x.get(1), &x.get(2), &x.get(3)))),
};

#[thunder]
fn scaled_rows_vjp(
    w: &Tensor<f32, (V, C)>,
    j: &Tensor<i64, (N,)>,
    s: &Tensor<f32, (N,)>,
    dy: &Tensor<f32, (N, C)>,
) -> (Tensor<f32, (V, C)>, Tensor<f32, (N,)>) {
    let zeros = w * 0.0;
    (zeros.index_add(0, j, dy * s.unsqueeze(-1)), (w.index_select(0, j) * dy).sum(-1))
}

#[thunder]
fn scaled_rows(w: &Tensor<f32, (V, C)>, j: &Tensor<i64, (N,)>, s: &Tensor<f32, (N,)>) -> Tensor<f32, (N, C)> {
    custom(&SCALED_ROWS, (w.t().t(), j, s))
}

#[thunder]
fn weighted(
    w: &Tensor<f32, (V, C)>,
    j: &Tensor<i64, (N,)>,
    s: &Tensor<f32, (N,)>,
) -> (Tensor<f32, (V, C)>, Tensor<f32, (N,)>) {
    grad(&(w.clone(), s.clone()), |(w, s)| scaled_rows(w, j, s).square().sum(..))
}

#[thunder]
fn slopes(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    let first = grad(x, |x| cube(x).sum(..));
    let second = grad(x, |x| grad(x, |x| cube(x).sum(..)).sum(..));
    (first, second)
}

#[thunder]
fn of_columns(x: &Tensor<f32, (A, B)>) -> Tensor<f32, (B, A)> {
    vmap(&x.t(), |column| cube(column))
}

#[thunder]
fn gradients_of_rows(x: &Tensor<f32, (A, B)>) -> Tensor<f32, (A, B)> {
    vmap(x, |row| grad(row, |row| (cube(row) * row).sum(..)))
}

#[thunder]
fn forward(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    jvp(x, x, |x| cube(x))
}

#[thunder]
fn of_doubles(x: &Tensor<f64, (N,)>) -> Tensor<f64, (N,)> {
    custom(&CUBE, (x,))
}

#[thunder]
fn of_another_rank(x: &Tensor<f32, (N,)>) -> Tensor<f32, (A, B)> {
    custom(&CUBE, (x,))
}

/// What no executor has, and what has no derivative.
static NOWHERE: CustomOp =
    CustomOp { name: "nowhere", types: |x| Ok(x[0]), cpu: None, cuda: None, vjp: None };

#[thunder]
fn nowhere(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    custom(&NOWHERE, (x,))
}

#[thunder]
fn slope_of_nowhere(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    grad(x, |x| nowhere(x).sum(..))
}

fn x() -> Vector {
    Tensor::from_vec(vec![1.0, -2.0, 0.5, 3.0], (4,))
}

#[test]
fn it_runs_and_has_derivatives_of_every_order() {
    assert_eq!(cube(&x()).to_vec(), [1.0, -8.0, 0.125, 27.0]);
    let (first, second) = slopes(&x());
    assert_eq!(first.to_vec(), [3.0, 12.0, 0.75, 27.0]);
    assert_eq!(second.to_vec(), [6.0, -12.0, 3.0, 18.0]);
}

#[test]
fn it_is_batched_by_a_loop_and_reads_views() {
    let x = Tensor::from_vec(vec![1.0, 2.0, 3.0, -1.0, -2.0, -3.0], (2, 3));
    assert_eq!(of_columns(&x).to_vec(), [1.0, -1.0, 8.0, -8.0, 27.0, -27.0]);
    // (x^4)' = 4 x^3
    assert_eq!(gradients_of_rows(&x).to_vec(), [4.0, 32.0, 108.0, -4.0, -32.0, -108.0]);
}

#[test]
fn operands_have_types_of_their_own() {
    let w = Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
    let (j, s) = (Tensor::from_vec(vec![2i64, 0, 2], (3,)), Tensor::from_vec(vec![1.0, 10.0, -1.0], (3,)));
    assert_eq!(scaled_rows(&w, &j, &s).to_vec(), [5.0, 6.0, 10.0, 20.0, -5.0, -6.0]);
    let (dw, ds) = weighted(&w, &j, &s);
    // Row 2 is read twice, each time with a factor of square 1.
    assert_eq!(dw.to_vec(), [200.0, 400.0, 0.0, 0.0, 20.0, 24.0]);
    assert_eq!(ds.to_vec(), [122.0, 100.0, -122.0]);
}

#[test]
fn what_is_wrong_is_said_with_its_name() {
    let refused = |e: Error, parts: &[&str]| {
        let text = e.to_string();
        parts.iter().for_each(|p| assert!(text.contains(p), "{p}: {text}"));
    };
    refused(forward::call(&x()).unwrap_err().into(), &["`cube`", "reverse mode only", "`grad` or `vjp`"]);
    let doubles = Tensor::from_vec(vec![1.0f64], (1,));
    refused(of_doubles::call(&doubles).unwrap_err().into(), &["`cube`: takes f32, found f64"]);
    refused(of_another_rank::call(&x()).unwrap_err().into(), &["`cube` gives f32[4]", "f32 of rank 2"]);
    refused(
        nowhere::call(&x()).unwrap_err().into(),
        &["no executor on", "`nowhere`", "tests/suite/custom.rs"],
    );
    refused(slope_of_nowhere::call(&x()).unwrap_err().into(), &["`nowhere`", "stop_gradient"]);
}

#[test]
fn it_is_seen_in_the_trace_and_in_the_report() {
    let e = cube::explain(&x()).unwrap();
    let all = e.full().to_string();
    assert!(all.contains("op=cube"), "{all}");
}
