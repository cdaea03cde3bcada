//! Runs the examples, and checks their output and their error messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An example that `cargo test` has built beside the tests.
fn example(name: &str) -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let path = path.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: run `cargo test` without `--test`, or `cargo build --examples`",
        path.display()
    );
    Command::new(path)
}

/// A directory for one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("thunder-examples-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    /// A text of `lines` lines.
    fn text(&self, lines: usize) -> PathBuf {
        let path = self.file("text.txt");
        fs::write(&path, "the quick brown fox jumps over the lazy dog\n".repeat(lines)).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn train(text: &Path, options: &[&str]) -> Output {
    example("train_gpt").arg("--text").arg(text).args(options).output().unwrap()
}

fn out(o: &Output) -> String {
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8(o.stdout.clone()).unwrap()
}

/// The one line of an error.
fn refused(o: &Output) -> String {
    assert!(!o.status.success());
    let text = String::from_utf8(o.stderr.clone()).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("error: "), "{text}");
    text.trim_end().to_string()
}

/// The losses that a run printed, by their text.
fn losses(text: &str) -> Vec<String> {
    let words = |l: &str| l.split_whitespace().nth(3).unwrap_or_default().to_string();
    text.lines().filter(|l| l.starts_with("step ")).map(words).collect()
}

#[test]
fn trains_and_speaks() {
    let dir = Scratch::new("trains");
    let text = out(&train(&dir.text(40), &["--steps", "4"]));
    assert!(text.contains("1,760 characters, 28 distinct; 176 to validate"), "{text}");
    assert_eq!(losses(&text).len(), 4, "{text}");
    let loss = text.lines().find_map(|l| l.strip_prefix("val loss ")).expect("a validation loss");
    assert!(loss.parse::<f64>().unwrap() < 4.0, "{loss}");
}

#[test]
fn no_steps_at_all() {
    let dir = Scratch::new("none");
    let text = out(&train(&dir.text(40), &["--steps", "0"]));
    assert!(text.contains("val loss 3."), "{text}");
    assert!(losses(&text).is_empty());
}

#[test]
fn goes_on_where_it_was() {
    let dir = Scratch::new("resume");
    let text = dir.text(40);
    let whole = out(&train(&text, &["--steps", "6", "--seed", "5"]));
    let saved = dir.file("a.ckpt");
    let saved = saved.to_str().unwrap();
    let first = out(&train(&text, &["--steps", "6", "--seed", "5", "--stop-at", "3", "--checkpoint", saved]));
    let second = out(&train(&text, &["--steps", "6", "--checkpoint", saved]));
    assert!(second.contains("going on after step 3 of 6"), "{second}");
    assert_eq!([losses(&first), losses(&second)].concat(), losses(&whole));
    let end = |t: &str| t[t.find("val loss").unwrap()..].to_string();
    assert_eq!(end(&second), end(&whole));
    // The run is finished: there is nothing more to train, and the output is the same again.
    // The steps are the checkpoint's, if they are not given.
    let third = out(&train(&text, &["--checkpoint", saved]));
    assert_eq!(end(&third), end(&whole));
    // Other steps would be another schedule of learning rates.
    let error = refused(&train(&text, &["--steps", "9", "--checkpoint", saved]));
    assert!(error.contains("was begun with --steps 6"), "{error}");
}

#[test]
fn texts_that_are_refused() {
    let dir = Scratch::new("texts");
    assert!(refused(&train(&dir.file("none.txt"), &[])).contains("none.txt: No such file"));
    let path = dir.file("empty.txt");
    fs::write(&path, "").unwrap();
    assert!(refused(&train(&path, &[])).contains("a text of 0 characters"));
    fs::write(&path, "tiny").unwrap();
    assert!(refused(&train(&path, &[])).contains("a context of 64 needs at least 650"));
    fs::write(&path, [0xff; 1000]).unwrap();
    assert!(refused(&train(&path, &[])).contains("not UTF-8 text"));
}

#[test]
fn checkpoints_that_are_refused() {
    let dir = Scratch::new("checkpoints");
    let text = dir.text(70);
    let path = dir.file("a.ckpt");
    let saved = path.to_str().unwrap();
    out(&train(&text, &["--steps", "1", "--checkpoint", saved]));
    let whole = fs::read(&path).unwrap();
    let refuse = |options: &[&str], says: &str| {
        let before = fs::read(&path).unwrap();
        let options = [options, &["--steps", "2", "--checkpoint", saved]].concat();
        let error = refused(&train(&text, &options));
        assert!(error.contains(saved) && error.contains(says), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before, "{says}: it was overwritten");
    };
    refuse(&["--preset", "baby"], "a checkpoint of another model: layers 4");
    refuse(&["--seed", "7"], "was begun with --seed 0");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refuse(&[], "cut short");
    fs::write(&path, "not a checkpoint, but something that someone wants to keep").unwrap();
    refuse(&[], "not a safetensors file");
    fs::write(&path, &whole).unwrap();
    fs::write(&text, "ANOTHER TEXT. ".repeat(70)).unwrap();
    refuse(&[], "of another text");
    let nowhere = dir.file("no/such/place.ckpt");
    let error = refused(&train(&text, &["--steps", "1", "--checkpoint", nowhere.to_str().unwrap()]));
    assert!(error.contains("its directory does not exist"), "{error}");
}

/// If standard output is closed or full, nothing panics, and a run with a checkpoint continues to its end.
#[test]
#[cfg(target_os = "linux")]
fn outputs_that_fail() {
    use std::process::Stdio;
    let dir = Scratch::new("outputs");
    let text = dir.text(40);
    let run = |out: Stdio, options: &[&str]| {
        let mut run = example("train_gpt");
        run.arg("--text").arg(&text).args(["--steps", "2", "--device", "cpu"]).args(options).stdout(out);
        run.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
    };
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let path = dir.file("a.ckpt");
    for saved in [false, true] {
        let checkpoint = ["--checkpoint", path.to_str().unwrap()];
        let options = if saved { &checkpoint[..] } else { &[] };
        assert!(refused(&run(full(), options)).contains("standard output: No space left"));
        assert_eq!(path.exists(), saved);
        let _ = fs::remove_file(&path);
        let quiet = run(closed(), options);
        assert!(
            quiet.status.success() && quiet.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&quiet.stderr)
        );
        assert_eq!(path.exists(), saved);
    }
    let saved = out(&train(&text, &["--checkpoint", path.to_str().unwrap()]));
    assert!(saved.contains("going on after step 2 of 2"), "{saved}");
    assert!(refused(&run(full(), &["--explain"])).contains("standard output"));
}

#[test]
fn devices() {
    let dir = Scratch::new("devices");
    let text = dir.text(40);
    assert!(refused(&train(&text, &["--device", "tpu"])).contains("no such device"));
}

#[test]
fn explains_the_step() {
    let dir = Scratch::new("explain");
    let text = out(&train(&dir.text(40), &["--explain"]));
    for part in
        ["train_step on cpu", "read and written", "predicted peak", "launches, by kernel", "not fused"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.lines().count() < 60, "more than a page:\n{text}");
}

#[test]
fn quickstart() {
    let text = out(&example("quickstart").output().unwrap());
    assert!(text.contains("trace"), "{text}");
}

#[test]
fn inspect() {
    let text = out(&example("inspect").output().unwrap());
    for part in ["## after link", "## after fuse", "## launches, in order", "## kernels"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn custom_op() {
    let text = out(&example("custom_op").output().unwrap());
    assert!(text.contains("[-0.75, -0.5, 0.0, 0.5]"), "{text}");
}
