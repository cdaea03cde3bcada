//! Weights files: written tensors are read back, and a wrong file gives an error that says what is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use thunder::nn::{Gpt, GptConfig};
use thunder::prelude::*;
use thunder::weights::{self, Gpt2, Reader, Writer};

type Pair = (Tensor<f32, (usize, usize)>, Tensor<f32, (usize,)>);

fn pair() -> Pair {
    (Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3)), Tensor::from_vec(vec![7.0, 8.0], (2,)))
}

/// A directory for one test, removed at its end.
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
    let text = refused(&dir.0);
    assert!(
        text.ends_with("a directory without `model.safetensors.index.json` or `model.safetensors`"),
        "{text}"
    );
}

#[test]
fn cut_short_or_damaged() {
    let dir = Scratch::new("cut");
    let path = dir.file("a.safetensors");
    weights::save(&path, &pair()).unwrap();
    let whole = fs::read(&path).unwrap();
    // A file truncated at any position is refused, and nothing panics.
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(refused(&path).contains("cut short"), "{length}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    fs::write(&path, &longer).unwrap();
    assert!(refused(&path).contains("damaged"));
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
    // A write leaves nothing else in the directory.
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
    let text = weights::save(dir.file("no/such/a.safetensors"), &pair()).err().unwrap().to_string();
    assert!(text.ends_with("no such file or directory"), "{text}");
    // A directory can't be replaced, and the temporary file is removed.
    let taken = dir.file("taken");
    fs::create_dir(&taken).unwrap();
    let text = weights::save(&taken, &pair()).err().unwrap().to_string();
    assert!(text.ends_with("taken: a directory, not a regular file"), "{text}");
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 2);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let dir = Scratch::new("flips");
    let path = dir.file("a.safetensors");
    Writer::new().tree("", &pair()).text("step", "3").write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        refused(&path);
    }
    // The message names the tensor.
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(refused(&path).ends_with("damaged: the data of tensor `1` do not match their checksum"));
    let one: Tensor<f32, (usize, usize)> = Reader::open(&path).unwrap().tensor("0").unwrap();
    assert_eq!(one.to_vec(), pair().0.to_vec());
    fs::write(&path, &whole).unwrap();
    assert!(weights::load(&path, &pair()).is_ok());
}

#[test]
fn files_without_checksums_load() {
    let dir = Scratch::new("foreign");
    let path = dir.file("a.safetensors");
    let data: Vec<u8> = (1..=8).flat_map(|x| (x as f32).to_le_bytes()).collect();
    let view =
        |shape, bytes| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, bytes).unwrap();
    let tensors = [("0", view(vec![2, 3], &data[..24])), ("1", view(vec![2], &data[24..]))];
    safetensors::serialize_to_file(tensors, None, &path).unwrap();
    let (a, b) = weights::load(&path, &pair()).unwrap();
    assert_eq!((a.to_vec(), b.to_vec()), (pair().0.to_vec(), pair().1.to_vec()));
}

#[test]
fn names_and_texts_that_the_format_keeps() {
    let dir = Scratch::new("kept");
    let path = dir.file("a.safetensors");
    let text = Writer::new().tree("__metadata__", &pair().1).write(&path).err().unwrap().to_string();
    assert!(text.contains("a tensor can't be named `__metadata__`"), "{text}");
    let text = Writer::new().text("thunder.checksums", "").write(&path).err().unwrap().to_string();
    assert!(text.contains("the text `thunder.checksums`"), "{text}");
    // Any other name and string is read as it was written.
    let odd = "a\"\\\n\u{1}é\",\"thunder.checksums\":\"";
    Writer::new().tree(odd, &pair().1).text(odd, odd).write(&path).unwrap();
    let file = Reader::open(&path).unwrap();
    assert_eq!((file.names().collect::<Vec<_>>(), file.text(odd)), (vec![odd], Some(odd)));
    assert!(file.tree(odd, &pair().1).is_ok());
}

/// A model in two shards, with an index of another program.
fn sharded(dir: &Scratch) -> PathBuf {
    Writer::new().tree("0", &pair().0).write(dir.file("model-00001-of-00002.safetensors")).unwrap();
    Writer::new().tree("1", &pair().1).write(dir.file("model-00002-of-00002.safetensors")).unwrap();
    let index = dir.file("model.safetensors.index.json");
    let json = r#"{"metadata": {"total_size": 32}, "weight_map":
        {"1": "model-00002-of-00002.safetensors", "0": "model-00001-of-00002.safetensors"}}"#;
    fs::write(&index, json).unwrap();
    index
}

#[test]
fn sharded_models() {
    let dir = Scratch::new("shards");
    let index = sharded(&dir);
    for path in [&dir.0, &index] {
        let (a, b) = weights::load(path, &pair()).unwrap();
        assert_eq!((a.to_vec(), b.to_vec()), (pair().0.to_vec(), pair().1.to_vec()));
        let file = Reader::open(path).unwrap();
        assert_eq!((file.names().collect::<Vec<_>>(), file.shape("1")), (vec!["0", "1"], Some(&[2][..])));
    }
    let says = |json: &str, what: &str| {
        fs::write(&index, json).unwrap();
        let text = weights::load(&index, &pair()).err().unwrap().to_string();
        assert!(text.contains(what), "{text}");
    };
    says(r#"{"weight_map": {"0": "model-00001-of-00002.safetensors"}}"#, "lacks tensor `1`");
    says(
        r#"{"weight_map": {"1": "model-00001-of-00002.safetensors"}}"#,
        "00001-of-00002.safetensors: lacks tensor `1`, which",
    );
    says(r#"{"weight_map": {"1": "none.safetensors"}}"#, "none.safetensors: no such file");
    says(r#"{"weight_map": {"1": "../a.safetensors"}}"#, "names the file `../a.safetensors`: expected");
    says(r#"{"weight_map": {"1": "/a"}}"#, "names the file `/a`: expected");
    says(r#"{"weight_map": {"1": "a", "1": "b"}}"#, "names tensor `1` twice");
    says(r#"{"weight_map": ["1"]}"#, "not the index of a sharded model");
    says("{}", "not the index of a sharded model: missing field `weight_map`");
    // A folder with one file.
    fs::remove_file(&index).unwrap();
    weights::save(dir.file("model.safetensors"), &pair()).unwrap();
    assert!(weights::load(&dir.0, &pair()).is_ok());
}

#[test]
fn long_names() {
    let dir = Scratch::new("long");
    let path = dir.file(&"n".repeat(255));
    weights::save(&path, &pair()).unwrap();
    assert!(weights::load(&path, &pair()).is_ok());
    assert!(weights::save(dir.file(&"n".repeat(256)), &pair()).is_err());
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
}

#[test]
fn leftovers_of_killed_saves_are_removed() {
    let dir = Scratch::new("leftovers");
    let (path, old) = (dir.file("a.safetensors"), dir.file(".thunder-save-abcdef.tmp"));
    let (busy, other) = (dir.file(".thunder-save-ghijkl.tmp"), dir.file(".thunder-save-notes"));
    for file in [&old, &busy, &other] {
        fs::write(file, "half of a file").unwrap();
    }
    let writing = fs::File::open(&busy).unwrap();
    writing.lock().unwrap();
    weights::save(&path, &pair()).unwrap();
    assert!(!old.exists() && busy.exists() && other.exists() && path.exists());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

    #[test]
    fn links_are_written_through() {
        let dir = Scratch::new("links");
        fs::create_dir(dir.file("sub")).unwrap();
        let (real, middle, link) = (dir.file("sub/real"), dir.file("sub/middle"), dir.file("link"));
        symlink("real", &middle).unwrap();
        symlink("sub/middle", &link).unwrap();
        // The first time, nothing stands at the end of the links.
        for _ in 0..2 {
            weights::save(&link, &pair()).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert!(fs::symlink_metadata(&middle).unwrap().is_symlink());
            assert!(fs::symlink_metadata(&real).unwrap().is_file());
            assert!(weights::load(&link, &pair()).is_ok());
        }
        assert_eq!(fs::read_dir(&dir.0).unwrap().count() + fs::read_dir(dir.file("sub")).unwrap().count(), 4);
        let circle = dir.file("circle");
        symlink("circle", &circle).unwrap();
        assert!(weights::save(&circle, &pair()).is_err());
    }

    #[test]
    fn modes_are_kept() {
        let dir = Scratch::new("modes");
        let (path, fresh, plain) = (dir.file("a"), dir.file("b"), dir.file("c"));
        let mode = |p: &Path| fs::metadata(p).unwrap().mode() & 0o7777;
        weights::save(&path, &pair()).unwrap();
        for kept in [0o600, 0o640, 0o664, 0o755] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            weights::save(&path, &pair()).unwrap();
            assert_eq!(mode(&path), kept);
        }
        // A new file has the mode of any new file.
        weights::save(&fresh, &pair()).unwrap();
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&fresh), mode(&plain));
    }

    #[test]
    fn only_regular_files() {
        let dir = Scratch::new("fifo");
        let fifo = dir.file("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let link = dir.file("link");
        symlink("fifo", &link).unwrap();
        let socket = dir.file("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        // A device of its own: a fault that replaced the machine's /dev/null would break more than this test.
        let null = dir.file("null");
        let made = std::process::Command::new("mknod").arg(&null).args(["c", "1", "3"]).output().unwrap();
        let mut cases = vec![(&fifo, "a FIFO"), (&link, "a FIFO"), (&socket, "a socket")];
        if made.status.success() {
            cases.push((&null, "a device"));
        } else {
            eprintln!("!!! SKIPPED: a device, which only root may make");
        }
        for &(path, kind) in &cases {
            let saved = weights::save(path, &pair()).err().unwrap().to_string();
            let loaded = refused(path);
            assert!(saved.contains(kind) && loaded.contains(kind), "{saved}; {loaded}");
        }
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
        if made.status.success() {
            assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
        }
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), cases.len());
    }
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
    // Read as (out, in), the shape does not match.
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
