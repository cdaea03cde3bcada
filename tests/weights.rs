//! Weights files: what is written is read, and whatever is wrong with a file is an error that names it.

use std::fs;
use std::path::{Path, PathBuf};
use thunder::nn::{Gpt, GptConfig};
use thunder::prelude::*;
use thunder::weights::{self, Gpt2, Reader, Writer};

type Pair = (Tensor<f32, (usize, usize)>, Tensor<f32, (usize,)>);

fn pair() -> Pair {
    (Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3)), Tensor::from_vec(vec![7.0, 8.0], (2,)))
}

/// A directory of one test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("thunder-weights-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The error of loading a pair: one line, which begins with the path.
fn refused(path: &Path) -> String {
    let text = weights::load(path, &pair()).expect_err("an error").to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn what_is_saved_is_loaded() {
    let dir = Scratch::new("round");
    let path = dir.file("a.safetensors");
    weights::save(&path, &pair()).unwrap();
    let blank = (Tensor::zeros((2, 3)), Tensor::zeros((2,)));
    let (a, b): Pair = weights::load(&path, &blank).unwrap();
    assert_eq!(a.to_vec(), pair().0.to_vec());
    assert_eq!(b.to_vec(), pair().1.to_vec());
}

#[test]
fn every_element_type() {
    let dir = Scratch::new("types");
    let path = dir.file("a.safetensors");
    let tree = (
        (Scalar::<f64>::from(1.5), Scalar::<f32>::from(2.5), Scalar::<f16>::from(f16::from_f32(3.5))),
        (Scalar::<bf16>::from(bf16::from_f32(4.5)), Scalar::<i64>::from(-5), Scalar::<i32>::from(-6)),
        (Scalar::<u32>::from(7), Scalar::<u8>::from(8), Tensor::from_vec(vec![true, false, true], (3,))),
    );
    weights::save(&path, &tree).unwrap();
    let loaded = weights::load(&path, &tree).unwrap();
    assert_eq!(loaded.0.0.item(), 1.5);
    assert_eq!(loaded.0.2.item().to_f32(), 3.5);
    assert_eq!(loaded.1.0.item().to_f32(), 4.5);
    assert_eq!(loaded.1.1.item(), -5);
    assert_eq!(loaded.2.1.item(), 8);
    assert_eq!(loaded.2.2.to_vec(), [true, false, true]);
}

#[test]
fn floats_of_another_type_are_converted() {
    let dir = Scratch::new("convert");
    let path = dir.file("a.safetensors");
    weights::save(&path, &Tensor::from_vec(vec![1.0f32, 1.0 / 3.0], (2,))).unwrap();
    let narrow: Tensor<bf16, (usize,)> = weights::load(&path, &Tensor::zeros((2,))).unwrap();
    assert_eq!(narrow.to_vec(), [bf16::from_f32(1.0), bf16::from_f32(1.0 / 3.0)]);
    let text = weights::load(&path, &Tensor::<i64, _>::zeros((2,))).err().unwrap().to_string();
    assert!(text.contains("expected element type i64, found F32"), "{text}");
}

#[test]
fn empty_tensors() {
    let dir = Scratch::new("empty");
    let path = dir.file("a.safetensors");
    let none = Tensor::<f32, _>::zeros((0, 3));
    weights::save(&path, &none).unwrap();
    assert_eq!(weights::load(&path, &none).unwrap().shape(), (0, 3));
}

#[test]
fn other_programs_read_it() {
    let dir = Scratch::new("others");
    let path = dir.file("a.safetensors");
    Writer::new().tree("model", &pair()).text("step", "3").write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("model.0").unwrap().shape(), [2, 3]);
    assert_eq!(file.tensor("model.1").unwrap().data(), [0, 0, 224, 64, 0, 0, 0, 65]);
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["step"], "3");
}

#[test]
fn no_such_file() {
    let dir = Scratch::new("none");
    assert!(refused(&dir.file("a.safetensors")).ends_with("no such file or directory"));
    assert!(refused(&dir.0).ends_with("a directory, not a file"));
}

#[test]
fn cut_short_or_damaged() {
    let dir = Scratch::new("cut");
    let path = dir.file("a.safetensors");
    weights::save(&path, &pair()).unwrap();
    let whole = fs::read(&path).unwrap();
    // Cut anywhere, it is refused; nothing panics.
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(refused(&path).contains("cut short"), "{length}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    fs::write(&path, &longer).unwrap();
    assert!(refused(&path).contains("damaged"));
    // A damaged header: other bytes at every place are refused, or only change a number in it.
    for at in 0..whole.len() - 32 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        fs::write(&path, &bytes).unwrap();
        let _ = weights::load(&path, &pair());
    }
    fs::write(&path, "not a model at all, but a text of some length").unwrap();
    assert!(refused(&path).contains("not a safetensors file"));
    let mut huge = u64::MAX.to_le_bytes().to_vec();
    huge.extend([b' '; 64]);
    fs::write(&path, huge).unwrap();
    assert!(refused(&path).contains("not a safetensors file"));
}

#[test]
fn another_shape_is_named() {
    let dir = Scratch::new("shape");
    let path = dir.file("a.safetensors");
    weights::save(&path, &(Tensor::<f32, _>::zeros((2, 4)), Tensor::<f32, _>::zeros((2,)))).unwrap();
    assert!(refused(&path).ends_with("tensor `0`: expected shape [2, 3], found [2, 4]"));
    weights::save(&path, &(Tensor::<f32, _>::zeros((6,)), Tensor::<f32, _>::zeros((2,)))).unwrap();
    assert!(refused(&path).ends_with("tensor `0`: expected shape [2, 3], found [6]"));
}

#[test]
fn missing_and_extra_names() {
    let dir = Scratch::new("names");
    let path = dir.file("a.safetensors");
    weights::save(&path, &(pair().0,)).unwrap();
    assert!(refused(&path).ends_with("lacks tensor `1`"));
    let more = (pair().0, pair().1, Scalar::<f32>::from(1.0));
    weights::save(&path, &more).unwrap();
    assert!(refused(&path).ends_with("has tensor `2`, which the model has not"));
    Writer::new().tree("a", &pair()).tree("b", &pair()).write(&path).unwrap();
    let file = Reader::open(&path).unwrap();
    assert_eq!(file.names().collect::<Vec<_>>(), ["a.0", "a.1", "b.0", "b.1"]);
    assert!(file.tree("b", &pair()).is_ok());
    let text = file.tree("c", &pair()).err().unwrap().to_string();
    assert!(text.ends_with("lacks tensors `c.0`, `c.1`"), "{text}");
}

#[test]
fn single_tensors() {
    let dir = Scratch::new("single");
    let path = dir.file("a.safetensors");
    Writer::new().tree("model", &pair()).write(&path).unwrap();
    let file = Reader::open(&path).unwrap();
    assert_eq!(file.shape("model.0"), Some(&[2, 3][..]));
    let x: Tensor<f32, (usize, usize)> = file.tensor("model.0").unwrap();
    assert_eq!(x.shape(), (2, 3));
    let error = |r: Result<Tensor<f32, (usize,)>, Error>| r.err().unwrap().to_string();
    assert!(error(file.tensor("model.0")).contains("expected rank 1, found shape [2, 3]"));
    assert!(error(file.tensor("other")).contains("no tensor `other`"));
}

#[test]
fn two_of_one_name() {
    let dir = Scratch::new("two");
    let path = dir.file("a.safetensors");
    let text = Writer::new().tree("m", &pair()).tree("m", &pair()).write(&path).err().unwrap().to_string();
    assert!(text.contains("two tensors would be named `m.0`"), "{text}");
    assert!(!path.exists());
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let dir = Scratch::new("failed");
    let path = dir.file("a.safetensors");
    weights::save(&path, &pair()).unwrap();
    let before = fs::read(&path).unwrap();
    Writer::new().tree("m", &pair()).tree("m", &pair()).write(&path).err().unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    // A write puts nothing else into the directory.
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
    let text = weights::save(dir.file("no/such/a.safetensors"), &pair()).err().unwrap().to_string();
    assert!(text.ends_with("no such file or directory"), "{text}");
    // A directory can't be replaced; what was tried is cleaned up.
    let taken = dir.file("taken");
    fs::create_dir(&taken).unwrap();
    assert!(weights::save(&taken, &pair()).is_err());
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 2);
}

fn small() -> GptConfig {
    GptConfig { vocabulary: 11, context: 4, layers: 2, heads: 2, width: 8, ..GptConfig::default() }
}

#[test]
fn hugging_faces_names() {
    let dir = Scratch::new("names-gpt2");
    let path = dir.file("a.safetensors");
    let model = Gpt::<f32>::new(&small(), Key::new(0));
    Writer::new().named(&model, &Gpt2::HUGGING_FACE).write(&path).unwrap();
    let file = Reader::open(&path).unwrap();
    // Conv1D's matrices are (in, out).
    assert_eq!(file.shape("transformer.h.1.attn.c_attn.weight"), Some(&[8, 24][..]));
    assert_eq!(file.shape("transformer.h.1.mlp.c_proj.bias"), Some(&[8][..]));
    assert_eq!(file.shape("transformer.wte.weight"), Some(&[11, 8][..]));
    let blank = Gpt::<f32>::new(&small(), Key::new(1));
    let loaded = file.named(&blank, &Gpt2::HUGGING_FACE).unwrap();
    let (a, b) = (&model.blocks[1].attention.qkv.weight, &loaded.blocks[1].attention.qkv.weight);
    assert_eq!(a.to_vec(), b.to_vec());
    // Read as if it were (out, in), it does not fit.
    let text = file.named(&blank, &Gpt2::NANO_GPT).err().unwrap().to_string();
    assert!(
        text.contains("tensor `transformer.h.0.attn.c_attn.weight`: expected shape [24, 8], found [8, 24]"),
        "{text}"
    );
}

#[test]
fn masks_of_the_hub_are_passed_over() {
    let dir = Scratch::new("masks");
    let path = dir.file("a.safetensors");
    let model = Gpt::<f32>::new(&small(), Key::new(0));
    let mask = Tensor::<f32, _>::ones((1, 1, 4, 4));
    Writer::new()
        .named(&model, &Gpt2::HUB)
        .tree("h.0.attn.bias", &mask)
        .tree("h.1.attn.bias", &mask)
        .write(&path)
        .unwrap();
    assert!(Reader::open(&path).unwrap().named(&model, &Gpt2::HUB).is_ok());
}

#[test]
fn a_models_own_names() {
    let dir = Scratch::new("own");
    let path = dir.file("a.safetensors");
    let model = Gpt::<f32>::new(&small(), Key::new(0));
    weights::save(&path, &model).unwrap();
    let other = Gpt::<f32>::new(&GptConfig { width: 16, ..small() }, Key::new(0));
    let text = weights::load(&path, &other).err().unwrap().to_string();
    assert!(text.contains("tensor `tokens.weight`: expected shape [11, 16], found [11, 8]"), "{text}");
    let deeper = Gpt::<f32>::new(&GptConfig { layers: 3, ..small() }, Key::new(0));
    let text = weights::load(&path, &deeper).err().unwrap().to_string();
    assert!(text.contains("lacks tensors `blocks.2.attention.proj.bias`"), "{text}");
}
