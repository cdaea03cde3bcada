//! A whole GPT and single operations against JAX: `tests/goldens/*.py` made the numbers, in f64.

use thunder::nn::{Gpt, GptConfig};
use thunder::prelude::*;
use thunder::weights::{Gpt2, Naming, Reader};
use thunder_core::module::named_tensors;
use thunder_core::tensor::RawTensor;

/// A golden file, which is embedded in the binary.
macro_rules! open {
    ($name:literal) => {{
        // Tests of one process open the same file at once.
        let own = format!("thunder-{}-{:?}-{}", std::process::id(), std::thread::current().id(), $name);
        let path = std::env::temp_dir().join(own);
        std::fs::write(&path, include_bytes!(concat!("../goldens/", $name))).unwrap();
        let reader = Reader::open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        reader
    }};
}

/// The largest difference divided by the largest expected value.
fn relative(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-30f32, |m, x| m.max(x.abs()));
    let worst = found.iter().zip(expected).fold(0f32, |m, (a, b)| {
        assert!(a.is_finite(), "{a}");
        m.max((a - b).abs())
    });
    worst / scale
}

#[thunder]
fn loss_and_gradients(
    model: &Gpt<f32>,
    tokens: &Tensor<i64, (B, T)>,
    targets: &Tensor<i64, (B, T)>,
    key: Key,
) -> (Scalar<f32>, Gpt<f32>) {
    value_and_grad(model, |m| m.loss(tokens, targets, key))
}

#[test]
fn a_gpts_gradients() {
    crate::device();
    let file = open!("gpt_grads.safetensors");
    let config = GptConfig {
        vocabulary: 29,
        context: 16,
        layers: 2,
        heads: 2,
        width: 32,
        bias: false,
        gelu_tanh: false,
        ..GptConfig::default()
    };
    let blank = Gpt::<f32>::new(&config, Key::new(0));
    let names = Golden(Gpt2::NANO_GPT);
    let model = file.named(&blank, &names).unwrap();
    let tokens: Tensor<i64, (usize, usize)> = file.tensor("tokens").unwrap();
    let targets: Tensor<i64, (usize, usize)> = file.tensor("targets").unwrap();
    let (loss, grads) = loss_and_gradients(&model, &tokens, &targets, Key::new(0));

    let expected: Scalar<f32> = file.tensor("loss").unwrap();
    assert!(
        (loss.item() / expected.item() - 1.0).abs() < 1e-5,
        "{} against {}",
        loss.item(),
        expected.item()
    );
    let mut count = 0;
    for (path, found) in named_tensors(&grads) {
        let name = format!("grad.{}", names.stored(&path).name);
        let expected = floats(&file, &name);
        let error = relative(&values(&found), &expected);
        assert!(error < 1e-4, "{path}: {error}");
        count += 1;
    }
    assert_eq!(count, 15);
    // The parameters that the loss does not reach would be zeros: none is.
    assert!(named_tensors(&grads).iter().all(|(_, g)| values(g).iter().any(|x| *x != 0.0)));
}

/// nanoGPT's names, in a file that has more tensors than the model.
struct Golden(Gpt2);

impl Naming for Golden {
    fn stored(&self, path: &str) -> thunder::weights::Stored {
        self.0.stored(path)
    }
    fn passes_over(&self, name: &str) -> bool {
        !name.starts_with(self.0.prefix)
    }
}

/// A tensor of any rank, flat.
fn floats(file: &Reader, name: &str) -> Vec<f32> {
    match file.shape(name).unwrap_or_else(|| panic!("no tensor `{name}`")).len() {
        0 => file.tensor::<f32, ()>(name).unwrap().to_vec(),
        1 => file.tensor::<f32, (usize,)>(name).unwrap().to_vec(),
        2 => file.tensor::<f32, (usize, usize)>(name).unwrap().to_vec(),
        3 => file.tensor::<f32, (usize, usize, usize)>(name).unwrap().to_vec(),
        _ => file.tensor::<f32, (usize, usize, usize, usize)>(name).unwrap().to_vec(),
    }
}

fn values(t: &RawTensor) -> Vec<f32> {
    let sizes = t.ty().unwrap().sizes();
    match sizes.len() {
        1 => Tensor::<f32, (usize,)>::from_raw(t.clone()).to_vec(),
        _ => Tensor::<f32, (usize, usize)>::from_raw(t.clone()).to_vec(),
    }
}

/// Checks the value and the gradients of an operation for given inputs and a given cotangent.
macro_rules! golden {
    ($test:ident, $op:literal, $f:ident($($input:literal: $e:ty, $shape:ty);*) -> $out:ty, [$($grad:literal: $i:tt),*]) => {
        #[test]
        fn $test() {
            let file = open!("ops.safetensors");
            let inputs = ($(file.tensor::<$e, $shape>(concat!($op, ".in", $input)).unwrap(),)*);
            let ct = file.tensor::<f32, $out>(concat!($op, ".ct")).unwrap();
            let (y, grads) = $f(&inputs, &ct);
            let error = relative(&y.to_vec(), &floats(&file, concat!($op, ".out")));
            assert!(error < 1e-5, "value: {error}");
            $(
                let error = relative(&grads.$i.to_vec(), &floats(&file, concat!($op, ".grad", $grad)));
                assert!(error < 1e-4, "gradient {}: {error}", $grad);
            )*
            assert_eq!(<$out>::RANK, ct.rank());
        }
    };
}

type X1 = (usize,);
type X2 = (usize, usize);
type X3 = (usize, usize, usize);
type X4 = (usize, usize, usize, usize);

#[thunder]
fn softmax(
    x: &(Tensor<f32, (A, B, C)>,),
    ct: &Tensor<f32, (A, B, C)>,
) -> (Tensor<f32, (A, B, C)>, (Tensor<f32, (A, B, C)>,)) {
    vjp(x, |x| x.0.softmax(-1), ct)
}
golden!(softmax_of_the_last_axis, "softmax", softmax("0": f32, X3) -> X3, ["0": 0]);

#[thunder]
fn softmax_axis1(
    x: &(Tensor<f32, (A, B, C)>,),
    ct: &Tensor<f32, (A, B, C)>,
) -> (Tensor<f32, (A, B, C)>, (Tensor<f32, (A, B, C)>,)) {
    vjp(x, |x| x.0.softmax(1), ct)
}
golden!(softmax_of_a_middle_axis, "softmax_axis1", softmax_axis1("0": f32, X3) -> X3, ["0": 0]);

#[thunder]
fn log_softmax(
    x: &(Tensor<f32, (A, B, C)>,),
    ct: &Tensor<f32, (A, B, C)>,
) -> (Tensor<f32, (A, B, C)>, (Tensor<f32, (A, B, C)>,)) {
    vjp(x, |x| x.0.log_softmax(-1), ct)
}
golden!(log_softmax_values, "log_softmax", log_softmax("0": f32, X3) -> X3, ["0": 0]);

#[thunder]
fn layer_norm(
    x: &(Tensor<f32, (B, C)>, Tensor<f32, (C,)>, Tensor<f32, (C,)>),
    ct: &Tensor<f32, (B, C)>,
) -> (Tensor<f32, (B, C)>, (Tensor<f32, (B, C)>, Tensor<f32, (C,)>, Tensor<f32, (C,)>)) {
    vjp(x, |x| x.0.layer_norm(Some(&x.1), Some(&x.2), 1e-5), ct)
}
golden!(layer_norm_values, "layer_norm", layer_norm("0": f32, X2; "1": f32, X1; "2": f32, X1) -> X2, ["0": 0, "1": 1, "2": 2]);

#[thunder]
fn rms_norm(
    x: &(Tensor<f32, (B, C)>, Tensor<f32, (C,)>),
    ct: &Tensor<f32, (B, C)>,
) -> (Tensor<f32, (B, C)>, (Tensor<f32, (B, C)>, Tensor<f32, (C,)>)) {
    vjp(x, |x| x.0.rms_norm(Some(&x.1), 1e-5), ct)
}
golden!(rms_norm_values, "rms_norm", rms_norm("0": f32, X2; "1": f32, X1) -> X2, ["0": 0, "1": 1]);

#[thunder]
fn gelu_erf(
    x: &(Tensor<f32, (B, C)>,),
    ct: &Tensor<f32, (B, C)>,
) -> (Tensor<f32, (B, C)>, (Tensor<f32, (B, C)>,)) {
    vjp(x, |x| x.0.gelu(), ct)
}
golden!(gelu_values, "gelu_erf", gelu_erf("0": f32, X2) -> X2, ["0": 0]);

#[thunder]
fn gelu_tanh(
    x: &(Tensor<f32, (B, C)>,),
    ct: &Tensor<f32, (B, C)>,
) -> (Tensor<f32, (B, C)>, (Tensor<f32, (B, C)>,)) {
    vjp(x, |x| x.0.gelu_tanh(), ct)
}
golden!(gelu_tanh_values, "gelu_tanh", gelu_tanh("0": f32, X2) -> X2, ["0": 0]);

#[thunder]
fn silu(
    x: &(Tensor<f32, (B, C)>,),
    ct: &Tensor<f32, (B, C)>,
) -> (Tensor<f32, (B, C)>, (Tensor<f32, (B, C)>,)) {
    vjp(x, |x| x.0.silu(), ct)
}
golden!(silu_values, "silu", silu("0": f32, X2) -> X2, ["0": 0]);

#[thunder]
fn cross_entropy_of(
    x: &(Tensor<f32, (N, C)>, Tensor<i64, (N,)>),
    ct: &Scalar<f32>,
) -> (Scalar<f32>, (Tensor<f32, (N, C)>, Tensor<i64, (N,)>)) {
    vjp(x, |x| cross_entropy(&x.0, &x.1, CrossEntropy { ignore_index: Some(-100), ..Default::default() }), ct)
}
golden!(cross_entropy_values, "cross_entropy", cross_entropy_of("0": f32, X2; "1": i64, X1) -> (), ["0": 0]);

#[thunder]
fn embedding_of(
    x: &(Tensor<f32, (V, C)>, Tensor<i64, (A, B)>),
    ct: &Tensor<f32, (A, B, C)>,
) -> (Tensor<f32, (A, B, C)>, (Tensor<f32, (V, C)>, Tensor<i64, (A, B)>)) {
    vjp(x, |x| embedding(&x.1, &x.0), ct)
}
golden!(embedding_values, "embedding", embedding_of("0": f32, X2; "1": i64, X2) -> X3, ["0": 0]);

#[thunder]
fn attention(
    x: &(Tensor<f32, (B, H, T, D)>, Tensor<f32, (B, H, T, D)>, Tensor<f32, (B, H, T, D)>),
    ct: &Tensor<f32, (B, H, T, D)>,
) -> (
    Tensor<f32, (B, H, T, D)>,
    (Tensor<f32, (B, H, T, D)>, Tensor<f32, (B, H, T, D)>, Tensor<f32, (B, H, T, D)>),
) {
    vjp(
        x,
        |x| scaled_dot_product_attention(&x.0, &x.1, &x.2, Sdpa { causal: true, ..Default::default() }),
        ct,
    )
}
golden!(attention_values, "attention", attention("0": f32, X4; "1": f32, X4; "2": f32, X4) -> X4, ["0": 0, "1": 1, "2": 2]);
