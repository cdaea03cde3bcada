//! Calls: state behind `&mut`, donation, and the maximum number of parameters.

use super::device;
use std::sync::Arc;
use thunder::Tree;
use thunder::prelude::*;
use thunder_core::module::named_tensors;
use thunder_core::tensor::RawTensor;

#[thunder]
#[derive(Clone)]
struct Net {
    w: Tensor<f32, (N,)>,
}

/// One step: the new state, and a loss.
#[thunder]
fn step(net: Net, x: &Tensor<f32, (N,)>) -> (Net, Scalar<f32>) {
    let w = net.w - x * 0.5;
    let loss = w.square().sum(..);
    (Net { w }, loss)
}

#[thunder]
fn both(rate: f32, net: Net, x: &Tensor<f32, (N,)>, moment: Tensor<f32, (N,)>) -> (Net, Tensor<f32, (N,)>) {
    let moment = moment + x;
    (Net { w: net.w - &moment * rate }, moment)
}

#[thunder]
fn double(x: Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * 2.0
}

#[thunder]
impl Net {
    fn step(self, x: &Tensor<f32, (N,)>) -> (Self, Scalar<f32>) {
        step(self, x)
    }
}

/// A structure of the program, which is not `#[thunder]`.
struct Trainer {
    net: Net,
    moment: Tensor<f32, (usize,)>,
}

impl Trainer {
    fn new() -> Trainer {
        device();
        Trainer { net: Net { w: Tensor::full(2.0, (3,)) }, moment: Tensor::zeros((3,)) }
    }
    fn train(&mut self, x: &Tensor<f32, (usize,)>) -> f32 {
        step::update(&mut self.net, x).item()
    }
    fn train_by_method(&mut self, x: &Tensor<f32, (usize,)>) -> f32 {
        thunder::update(&mut self.net, |net| net.step(x)).item()
    }
}

fn ones(n: usize) -> Tensor<f32, (usize,)> {
    Tensor::ones((n,))
}

/// The address of the memory of a structure's first tensor.
fn address<T: Tree>(tree: &T) -> usize {
    match &named_tensors(tree)[0].1 {
        RawTensor::Concrete { buffer, .. } => Arc::as_ptr(buffer).cast::<u8>() as usize,
        _ => panic!("no memory"),
    }
}

#[test]
fn state_behind_a_mutable_reference() {
    let (mut t, x) = (Trainer::new(), ones(3));
    let at = address(&t.net);
    assert_eq!(t.train(&x), 3.0 * 1.5 * 1.5);
    assert_eq!(t.net.w.to_vec(), [1.5; 3]);
    assert_eq!(t.train_by_method(&x), 3.0);
    assert_eq!(t.net.w.to_vec(), [1.0; 3]);
    assert_eq!(address(&t.net), at, "the memory is reused");
}

#[test]
fn several_states_and_no_other_result() {
    let (mut t, x) = (Trainer::new(), ones(3));
    both::update(0.5, &mut t.net, &x, &mut t.moment);
    both::try_update(0.5, &mut t.net, &x, &mut t.moment).unwrap();
    assert_eq!((t.net.w.to_vec(), t.moment.to_vec()), (vec![0.5; 3], vec![2.0; 3]));
    double::update(&mut t.moment);
    assert_eq!(t.moment.to_vec(), [4.0; 3]);
}

#[test]
fn a_refused_update_leaves_the_state() {
    let (mut t, wrong) = (Trainer::new(), ones(4));
    let at = address(&t.net);
    let is_whole = |t: &Trainer| t.net.w.to_vec() == [2.0; 3] && address(&t.net) == at;
    let error = step::try_update(&mut t.net, &wrong).err().unwrap().to_string();
    assert!(error.contains('3') && error.contains('4') && is_whole(&t), "{error}");
    let error = thunder::call(|| step::update(&mut t.net, &wrong)).err().unwrap().to_string();
    assert!(error.contains('4') && is_whole(&t), "{error}");
    let error =
        thunder::call(|| thunder::update(&mut t.net, |net| net.step(&wrong))).err().unwrap().to_string();
    assert!(error.contains('4') && is_whole(&t), "{error}");
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| t.train_by_method(&wrong)));
    assert!(panic.is_err() && is_whole(&t));
    // An update inside another: each rescues its own.
    let mut other = ones(3);
    let outcome = thunder::call(|| {
        thunder::update(&mut other, |y| {
            thunder::update(&mut t.net, |net| net.step(&wrong));
            (y, ())
        });
    });
    assert!(outcome.is_err() && is_whole(&t));
    // The state can be used again.
    assert_eq!(t.train(&ones(3)), 3.0 * 1.5 * 1.5);
}

const SHARED: &str = "THUNDER_TEST_SHARED";

/// What `a_lost_donation_is_told_once` starts.
#[test]
fn donates_what_is_shared() {
    if std::env::var_os(SHARED).is_none() {
        return;
    }
    let (mut t, x) = (Trainer::new(), ones(3));
    for _ in 0..3 {
        t.train(&x);
        let _ = step(t.net.clone(), &x);
    }
    let (four, y) = (Net { w: ones(4) }, ones(4));
    let _ = step(four.clone(), &y);
    let _ = double(t.moment.clone());
}

#[test]
fn a_lost_donation_is_told_once() {
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["calls::donates_what_is_shared", "--exact", "--nocapture"])
        .env(SHARED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{text}");
    let told: Vec<&str> =
        text.lines().filter(|l| l.starts_with("thunder: ") && l.contains("reuse")).collect();
    assert_eq!(told.len(), 2, "{text}");
    assert!(told[0].contains("`step`") && told[0].contains("argument `net`"), "{text}");
    assert!(
        told[0].contains("a clone of it is still held") && told[0].contains("step::update(&mut net, ..)"),
        "{text}"
    );
    assert!(told[1].contains("`double`") && told[1].contains("argument `x`"), "{text}");
}

type X = Scalar<f32>;

/// A function with the maximum number of parameters.
#[thunder]
#[rustfmt::skip]
#[allow(clippy::too_many_arguments)]
fn many(
    a0: &Scalar<f32>, a1: Scalar<f32>, a2: f32, a3: &Scalar<f32>, a4: &Scalar<f32>, a5: &Scalar<f32>, a6: &Scalar<f32>,
    a7: &Scalar<f32>, b0: &Scalar<f32>, b1: &Scalar<f32>, b2: &Scalar<f32>, b3: &Scalar<f32>, b4: &Scalar<f32>,
    b5: &Scalar<f32>, b6: &Scalar<f32>, b7: &Scalar<f32>, c0: &Scalar<f32>, c1: &Scalar<f32>, c2: &Scalar<f32>,
    c3: &Scalar<f32>, c4: &Scalar<f32>, c5: &Scalar<f32>, c6: &Scalar<f32>, c7: &Scalar<f32>, d0: &Scalar<f32>,
    d1: &Scalar<f32>, d2: &Scalar<f32>, d3: &Scalar<f32>, d4: &Scalar<f32>, d5: &Scalar<f32>, d6: &Scalar<f32>,
    d7: &Scalar<f32>,
) -> Scalar<f32> {
    let a = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
    let b = b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7;
    let c = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7;
    let d = d0 + d1 + d2 + d3 + d4 + d5 + d6 + d7;
    a + b * 2.0 + c * 3.0 + d * 4.0
}

#[test]
#[rustfmt::skip]
fn thirty_two_parameters() {
    device();
    let x = X::from(1.0);
    let sum = many(
        &x, x.clone(), 1.0, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x, &x,
        &x, &x, &x, &x, &x, &x,
    );
    assert_eq!(sum.item(), 80.0);
}
