//! Training: it learns, it continues exactly from a checkpoint, and it does not overwrite memory that is still in use.

#[path = "../../examples/train_gpt/step.rs"]
#[allow(dead_code)]
mod step;

use step::{next_logits, train_step};
use thunder::nn::{self, Gpt, GptConfig};
use thunder::optim::{AdamW, Group, Sgd, clip_grad_norm};
use thunder::prelude::*;
use thunder::weights::{Reader, Writer};
use thunder_core::module::named_tensors;

type Tokens = Tensor<i64, (usize, usize)>;

const TEXT: &[u8] = b"the rain in spain stays mainly in the plain";

fn config() -> GptConfig {
    GptConfig {
        vocabulary: 128,
        context: 16,
        layers: 2,
        heads: 2,
        width: 32,
        bias: true,
        gelu_tanh: false,
        ..GptConfig::default()
    }
}

fn start(dropout: f32) -> (Gpt<f32>, AdamW<Gpt<f32>>) {
    let mut model = Gpt::new(&GptConfig { dropout, ..config() }, Key::new(1));
    model.train(dropout > 0.0);
    let opt = AdamW::new(&model).unwrap().with_betas(0.9, 0.99).with_weight_decay(0.1);
    (model, opt)
}

/// Windows of the text, different ones at each step.
fn batch(step: usize) -> (Tokens, Tokens) {
    let starts = (0..4).map(|i| (step * 7 + i * 5) % (TEXT.len() - 17));
    let rows = |shift: usize| {
        let flat =
            starts.clone().flat_map(|s| &TEXT[s + shift..s + shift + 16]).map(|&b| i64::from(b)).collect();
        Tensor::from_vec(flat, (4, 16))
    };
    (rows(0), rows(1))
}

fn advance(model: Gpt<f32>, opt: AdamW<Gpt<f32>>, step: usize) -> (Gpt<f32>, AdamW<Gpt<f32>>, Scalar<f32>) {
    let (tokens, targets) = batch(step);
    train_step(model, opt, &Scalar::from(3e-3), &tokens, &targets, Key::new(9).fold_in(step), false)
}

/// Every element of every tensor.
fn bits<T: thunder::Tree>(tree: &T) -> Vec<Vec<u8>> {
    named_tensors(tree)
        .into_iter()
        .map(|(_, t)| {
            let thunder_core::tensor::RawTensor::Concrete { buffer, ty, device } = t else {
                panic!("no tensor")
            };
            let mut bytes = vec![0; ty.bytes()];
            device.backend().download(&buffer, &mut bytes).unwrap();
            bytes
        })
        .collect()
}

#[test]
fn a_tiny_gpt_learns_a_text_by_heart() {
    crate::device();
    let (mut model, mut opt) = start(0.0);
    let mut losses = Vec::new();
    for step in 0..150 {
        let loss;
        (model, opt, loss) = advance(model, opt, step);
        losses.push(loss.item());
    }
    assert!((losses[0] - 128f32.ln()).abs() < 0.2, "{}", losses[0]);
    assert!(losses[149] < 0.5, "{losses:?}");
    // It continues the text with the most likely next character, repeatedly.
    let mut text = b"the rain in spai".to_vec();
    for _ in 0..6 {
        let window: Vec<i64> = text[text.len() - 16..].iter().map(|&b| i64::from(b)).collect();
        let at = Tensor::from_vec(vec![15i64], (1,));
        let logits = next_logits(&model, &Tensor::from_vec(window, (1, 16)), &at, Key::new(0)).to_vec();
        let likeliest = (0..128).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        text.push(likeliest as u8);
    }
    assert_eq!(String::from_utf8_lossy(&text), "the rain in spain stay");
}

#[test]
fn padding_after_the_last_token_changes_nothing() {
    crate::device();
    let (model, _) = start(0.0);
    let logits = |tokens: Vec<i64>| {
        let at = Tensor::from_vec(vec![2i64], (1,));
        next_logits(&model, &Tensor::from_vec(tokens, (1, 6)), &at, Key::new(0)).to_vec()
    };
    assert_eq!(logits(vec![1, 2, 3, 0, 0, 0]), logits(vec![1, 2, 3, 7, 8, 9]));
}

#[test]
fn a_resumed_run_is_the_run() {
    crate::device();
    let whole = {
        let (mut model, mut opt) = start(0.1);
        (0..8)
            .map(|step| {
                let loss;
                (model, opt, loss) = advance(model.clone(), opt.clone(), step);
                loss.item().to_bits()
            })
            .collect::<Vec<_>>()
    };
    let path = std::env::temp_dir().join(format!("thunder-train-{}.safetensors", std::process::id()));
    let (mut model, mut opt) = start(0.1);
    let mut losses = Vec::new();
    for step in 0..8 {
        if step == 3 || step == 5 {
            Writer::new().tree("model", &model).tree("optimiser", &opt).write(&path).unwrap();
            let (blank, blank_opt) = start(0.1);
            let file = Reader::open(&path).unwrap();
            model = file.tree("model", &blank).unwrap();
            opt = file.tree("optimiser", &blank_opt).unwrap();
        }
        let loss;
        (model, opt, loss) = advance(model, opt, step);
        losses.push(loss.item().to_bits());
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(losses, whole);
}

#[test]
fn training_mode_is_part_of_the_key() {
    crate::device();
    let (mut model, _) = start(0.5);
    let (tokens, targets) = batch(0);
    let loss = |model: &Gpt<f32>, key| model.loss(&tokens, &targets, Key::new(key)).item();
    // Training: the key matters.
    assert_ne!(loss(&model, 0), loss(&model, 1));
    assert_eq!(loss(&model, 0), loss(&model, 0));
    // Not training: it does not.
    model.train(false);
    assert_eq!(loss(&model, 0), loss(&model, 1));
    let without = loss(&model, 0);
    model.train(true);
    assert_ne!(loss(&model, 0), without);
    // Another dropout probability gives another result too.
    let before = loss(&model, 0);
    model.dropout.p = 0.1;
    assert_ne!(loss(&model, 0), before);
}

#[test]
fn a_result_outlives_the_next_step() {
    crate::device();
    let (model, opt) = start(0.0);
    let (model, opt, first) = advance(model, opt, 0);
    let value = first.item();
    let (model, opt, second) = advance(model, opt, 1);
    let (_, _, third) = advance(model, opt, 2);
    assert_eq!(first.item(), value);
    assert_ne!(second.item(), value);
    assert_ne!(third.item(), second.item());
}

#[test]
fn a_shared_model_is_not_written_over() {
    crate::device();
    let (model, opt) = start(0.0);
    let (kept, kept_opt) = (model.clone(), opt.clone());
    let before = (bits(&kept), bits(&kept_opt));
    let (after, _, first) = advance(model, opt, 0);
    assert_eq!((bits(&kept), bits(&kept_opt)), before);
    assert_ne!(bits(&after), before.0);
    // From the same model, the same step.
    let (again, _, second) = advance(kept, kept_opt, 0);
    assert_eq!(first.item(), second.item());
    assert_eq!(bits(&again), bits(&after));
}

#[test]
fn a_model_given_away_leaves_its_memory_behind() {
    crate::device();
    let (model, opt) = start(0.0);
    // The first call's arguments are unique: their memory can become that of the results.
    let (model, opt, _) = advance(model, opt, 0);
    let addresses = |m: &Gpt<f32>| -> Vec<usize> {
        let list = named_tensors(m).into_iter();
        list.map(|(_, t)| match t {
            thunder_core::tensor::RawTensor::Concrete { buffer, .. } => {
                std::sync::Arc::as_ptr(&buffer).cast::<u8>() as usize
            }
            _ => 0,
        })
        .collect()
    };
    let before = addresses(&model);
    let (model, _, _) = advance(model, opt, 1);
    let after = addresses(&model);
    let reused = after.iter().filter(|a| before.contains(a)).count();
    assert!(reused * 2 > after.len(), "{reused} of {} buffers are reused", after.len());
}

#[test]
fn one_model_twice_in_a_call() {
    crate::device();
    // The same buffers as model and as moments: both must stay correct.
    let (model, opt) = start(0.0);
    let aliased = AdamW { m: model.clone(), ..opt.clone() };
    let copy = {
        let fresh = thunder::nn::cast::<f32, _>(&model).unwrap();
        AdamW { m: fresh, ..opt }
    };
    let other = thunder::nn::cast::<f32, _>(&model).unwrap();
    let (a, _, _) = advance(model, aliased, 0);
    let (b, _, _) = advance(other, copy, 0);
    assert_eq!(bits(&a), bits(&b));
}

type Pair = (Tensor<f32, (usize, usize)>, Tensor<f32, (usize,)>);

#[thunder]
fn adamw_step(p: Pair, opt: AdamW<Pair>, g: &Pair, lr: &Scalar<f32>) -> (Pair, AdamW<Pair>) {
    opt.update(p, g.clone(), lr)
}

#[thunder]
fn sgd_step(p: Pair, opt: Sgd<Pair>, g: &Pair, lr: &Scalar<f32>) -> (Pair, Sgd<Pair>) {
    opt.update(p, g.clone(), lr)
}

fn pair(a: [f32; 2], b: f32) -> Pair {
    (Tensor::from_vec(a.to_vec(), (2, 1)), Tensor::from_vec(vec![b], (1,)))
}

/// One AdamW update of a number, as in the paper.
fn adamw(w: f64, g: f64, m: &mut f64, v: &mut f64, t: i32, lr: f64, decay: f64) -> f64 {
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    let (mh, vh) = (*m / (1.0 - 0.9f64.powi(t)), *v / (1.0 - 0.999f64.powi(t)));
    w - lr * decay * w - lr * mh / (vh.sqrt() + 1e-8)
}

#[test]
fn adamw_follows_its_formula() {
    crate::device();
    let mut p = pair([1.0, -2.0], 0.5);
    let mut opt = AdamW::new(&p).unwrap().with_weight_decay(0.1);
    let (mut w, mut m, mut v) = ([1.0, -2.0, 0.5], [0.0; 3], [0.0; 3]);
    for t in 1..=5 {
        let g = [0.3 * f64::from(t), -0.1, 0.7];
        (p, opt) = adamw_step(p, opt, &pair([g[0] as f32, g[1] as f32], g[2] as f32), &Scalar::from(0.01));
        for i in 0..3 {
            // The vector is not decayed.
            let decay = if i < 2 { 0.1 } else { 0.0 };
            w[i] = adamw(w[i], g[i], &mut m[i], &mut v[i], t, 0.01, decay);
        }
    }
    let found = [p.0.to_vec(), p.1.to_vec()].concat();
    for i in 0..3 {
        assert!((f64::from(found[i]) - w[i]).abs() < 1e-6, "{i}: {} against {}", found[i], w[i]);
    }
    assert_eq!(opt.step.item(), 5.0);
}

#[test]
fn groups_go_by_path() {
    crate::device();
    let (p, g) = (pair([1.0, 1.0], 1.0), pair([0.0, 0.0], 0.0));
    let opt = AdamW::new(&p).unwrap().with_weight_decay(0.1).with_group(Group {
        path: "1".into(),
        rate: 2.0,
        weight_decay: 0.25,
    });
    let (p, _) = adamw_step(p, opt, &g, &Scalar::from(0.5));
    // Without a gradient only the decay acts: w - lr * rate * decay * w.
    assert!((p.0.to_vec()[0] - 0.95).abs() < 1e-6);
    assert!((p.1.to_vec()[0] - 0.75).abs() < 1e-6);
}

#[test]
fn sgd_follows_its_formula() {
    crate::device();
    let (mut w, mut v) = (1.0f32, 0.0f32);
    let mut p = pair([1.0, 1.0], 1.0);
    let mut opt = Sgd::new(&p, 0.9).unwrap();
    for t in 1..=4 {
        let g = 0.5 * t as f32;
        (p, opt) = sgd_step(p, opt, &pair([g, g], g), &Scalar::from(0.1));
        v = 0.9 * v + g;
        w -= 0.1 * v;
    }
    assert!((p.0.to_vec()[0] - w).abs() < 1e-6);
    assert!((p.1.to_vec()[0] - w).abs() < 1e-6);
    // No momentum: no velocity is stored.
    let p = pair([1.0, 1.0], 1.0);
    let plain = Sgd { weight_decay: 0.5, ..Sgd::new(&p, 0.0).unwrap() };
    assert!(plain.velocity.is_none());
    let (p, _) = sgd_step(p, plain, &pair([1.0, 1.0], 1.0), &Scalar::from(0.1));
    assert!((p.0.to_vec()[0] - 0.85).abs() < 1e-6);
    assert!((p.1.to_vec()[0] - 0.9).abs() < 1e-6);
}

#[test]
fn moments_are_f32_for_a_narrow_model() {
    crate::device();
    let model = Gpt::<bf16>::new(&config(), Key::new(0));
    let opt = AdamW::new(&model).unwrap();
    let moments: &Gpt<f32> = &opt.m;
    assert_eq!(moments.tokens.weight.shape(), model.tokens.weight.shape());
    assert!(moments.tokens.weight.to_vec().iter().all(|x| *x == 0.0));
}

#[test]
fn clipping() {
    crate::device();
    let (small, norm) = clip_grad_norm(pair([0.3, 0.0], 0.4), 1.0);
    assert!((norm.item() - 0.5).abs() < 1e-6);
    assert_eq!(small.0.to_vec(), [0.3, 0.0]);
    let (clipped, norm) = clip_grad_norm(pair([30.0, 0.0], 40.0), 1.0);
    assert!((norm.item() - 50.0).abs() < 1e-4);
    assert!((clipped.0.to_vec()[0] - 0.6).abs() < 1e-6 && (clipped.1.to_vec()[0] - 0.8).abs() < 1e-6);
}

#[test]
fn a_sequence_longer_than_the_context() {
    crate::device();
    let (model, _) = start(0.0);
    let tokens = Tensor::<i64, _>::zeros((1, 17));
    let error = thunder::call(|| model.loss(&tokens, &tokens, Key::new(0))).err().unwrap().to_string();
    assert!(error.contains("a sequence of 17 tokens, and a context of 16"), "{error}");
}

#[test]
fn heads_that_do_not_divide_the_width_are_refused() {
    crate::device();
    let (mut model, _) = start(0.0);
    model.blocks[1].attention.heads = 3;
    let (tokens, targets) = batch(0);
    let error = thunder::call(|| model.loss(&tokens, &targets, Key::new(0))).err();
    assert!(error.is_some());
}

/// With the same seed, dropout included, the first losses on the device under test equal those on the CPU up to rounding.
#[test]
fn a_device_starts_as_the_cpu_does() {
    crate::device();
    let here = Device::default_device();
    let losses = |device: Device, half: bool| -> Vec<f32> {
        let (model, opt) = start(0.2);
        let mut model = nn::to_device(&model, device).unwrap();
        let mut opt = nn::to_device(&opt, device).unwrap();
        let mut losses = Vec::new();
        for step in 0..8 {
            let (tokens, targets) = batch(step);
            let [tokens, targets] = [tokens, targets].map(|t| t.to(&device));
            let (lr, key) = (Scalar::from(1e-3).to(&device), Key::new(9).fold_in(step));
            let loss;
            (model, opt, loss) = train_step(model, opt, &lr, &tokens, &targets, key, half);
            losses.push(loss.item());
        }
        losses
    };
    for (half, tolerance) in [(false, 1e-5), (true, 1e-2)] {
        let (cpu, device) = (losses(Device::cpu(), half), losses(here, half));
        println!("bf16 products: {half}\n  cpu {cpu:?}\n  {here} {device:?}");
        for (a, b) in cpu.iter().zip(&device) {
            assert!((a / b - 1.0).abs() < tolerance, "half {half}: {cpu:?} on the CPU, {device:?} on {here}");
        }
    }
}
