//! Tests that each need a separate process: its memory, its environment, the end of its threads.
//!
//! A test runs this binary again, for one test that is otherwise ignored.

use std::cell::RefCell;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use thunder::cache::{self, Budget};
use thunder::nn::{self, Linear};
use thunder::prelude::*;
use thunder::{Error, weights};

/// Runs the ignored test `name` in a separate process, with a limit on its address space in KiB if it is not 0.
fn child(name: &str, limit: usize, variables: &[(&str, &str)]) -> Output {
    let exe = std::env::current_exe().unwrap();
    let mut command = match limit {
        0 => Command::new(&exe),
        limit => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("ulimit -v {limit} && exec \"$0\" \"$@\"")).arg(&exe);
            shell
        }
    };
    let name = format!("process::{name}");
    command.args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"]);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{:?}\n{out}\n{err}", output.status);
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[thunder]
fn scaled(x: &Tensor<f32, (N,)>, by: f32) -> Tensor<f32, (N,)> {
    x * by
}

#[thunder]
fn summed_twice(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.cumsum(0).cumsum(0)
}

#[thunder]
fn product(x: &Tensor<f32, (N, N)>) -> Tensor<f32, (N, N)> {
    x.matmul(x).tanh()
}

#[thunder]
fn halved(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.slice((..N / 2,)).sum_keepdim(0) + x
}

// ---- the cache

#[test]
fn specialisations_are_kept_within_a_budget() {
    let err = stderr(&child("within_a_budget", 0, &[]));
    let said = "`scaled` was compiled 16 times, because its argument `by` changes";
    assert_eq!(err.matches(said).count(), 1, "{err}");
    let said =
        "`summed_twice` was compiled 16 times, because its argument `x` changes (from f32[15] to f32[16])";
    assert_eq!(err.matches(said).count(), 1, "{err}");
}

#[test]
#[ignore = "a child process"]
fn within_a_budget() {
    cache::set_budget(Budget { specialisations: 10, ..Budget::default() });
    let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    for k in 0..100 {
        let by = k as f32;
        assert_eq!(scaled(&x, by).to_vec(), [by, 2.0 * by]);
        // A specialisation that is used again and again stays.
        assert_eq!(scaled(&x, 0.0).to_vec(), [0.0, 0.0]);
        assert!(cache::used().specialisations <= 10);
    }
    let cached = |by: f32| scaled::explain(&x, by).unwrap().cached;
    assert!(cached(0.0) && cached(99.0) && cached(98.0) && !cached(1.0) && !cached(80.0));
    for n in 1..=40 {
        assert_eq!(summed_twice(&Tensor::ones((n,))).shape(), (n,));
    }
    // Bytes are counted too, and the last one stays regardless of its size.
    cache::set_budget(Budget { bytes: 1, ..Budget::default() });
    assert_eq!(scaled(&x, 3.0).to_vec(), [3.0, 6.0]);
    assert!(cached(3.0) && cache::used().specialisations == 1);
    cache::clear();
    assert_eq!(cache::used(), Budget { specialisations: 0, bytes: 0 });
    assert_eq!(scaled(&x, 3.0).to_vec(), [3.0, 6.0]);
}

/// Bytes of this process in memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
#[cfg(target_os = "linux")]
fn functions_share_one_arena() {
    child("one_arena", 0, &[]);
}

#[test]
#[ignore = "a child process"]
#[cfg(target_os = "linux")]
fn one_arena() {
    // Each has an intermediate of 1 MiB and more.
    let run = |k: usize| {
        let n = (256 << 10) + 512 * k;
        let y = summed_twice(&Tensor::ones((n,))).to_vec();
        assert_eq!(y[3], 10.0);
    };
    run(0);
    let before = resident();
    (1..150).for_each(run);
    let more = resident().saturating_sub(before);
    assert!(more < 40 << 20, "{} MiB more", more >> 20);
}

/// Concurrent calls have separate arenas, and results are not in an arena.
#[test]
fn calls_at_once_do_not_share_their_arena() {
    let first = summed_twice(&Tensor::ones((1000,)));
    std::thread::scope(|s| {
        for t in 1..=4 {
            s.spawn(move || {
                for k in 0..50 {
                    let n = 1000 * t + k;
                    let x = Tensor::from_vec(vec![t as f32; n], (n,));
                    let y = summed_twice(&x).to_vec();
                    // Sums of sums are the triangular numbers.
                    let want: Vec<f32> = (1..=5).map(|i| (t * i * (i + 1) / 2) as f32).collect();
                    assert_eq!(y[..5], want);
                }
            });
        }
    });
    assert_eq!(first.to_vec()[..4], [1.0, 3.0, 6.0, 10.0]);
}

// ---- no memory

#[test]
fn no_memory_is_an_error() {
    child("no_memory", 1536 << 10, &[("THUNDER_THREADS", "2")]);
}

/// Allocates all memory except 40 to 80 MB, in pieces that the allocator maps one by one.
fn ballast() -> Vec<Vec<u8>> {
    const PIECE: usize = 40 << 20;
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(1000);
    loop {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            pieces.pop();
            return pieces;
        }
        pieces.push(piece);
    }
}

#[track_caller]
fn refused<T>(result: Result<T, impl Into<Error>>) {
    match result.map_err(Into::into) {
        Err(Error::OutOfMemory { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("there was memory"),
    }
}

#[test]
#[ignore = "a child process"]
fn no_memory() {
    const N: usize = 48 << 20;
    let folder = std::env::temp_dir().join(format!("thunder-no-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("weights.safetensors");
    let data = vec![0f32; N];
    let x = Tensor::on(Device::cpu(), &data, (N,)).unwrap();
    let layer = Linear { weight: Tensor::on(Device::cpu(), &data, (N / 2, 2)).unwrap(), bias: None };
    weights::save(&path, &layer).unwrap();
    // What they take beside the tensors is there before.
    let small = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    assert_eq!(halved(&small).to_vec(), [2.0, 3.0]);
    {
        let _all = ballast();
        refused(x.try_to_vec());
        refused(Tensor::on(Device::cpu(), &data, (N,)));
        refused(Tensor::try_full(1.0f32, (N,)));
        refused(Tensor::try_full(true, (4 * N,)));
        refused(Tensor::<f32, _>::try_randn((N,), Key::new(0)));
        refused(halved::call(&x).map_err(|e| e.error));
        refused(summed_twice::call(&x).map_err(|e| e.error));
        refused(weights::save(folder.join("other.safetensors"), &layer));
        refused(weights::load(&path, &layer));
        refused(weights::Reader::open(&path).unwrap().tensor::<f32, (usize, usize)>("weight"));
        refused(nn::cast::<f64, _>(&layer));
        refused(nn::zeros_like::<f32, _>(&layer));
        assert_eq!(halved(&small).to_vec(), [2.0, 3.0]);
    }
    // After that, everything works.
    assert_eq!(halved::call(&x).map(|y| y.shape()).unwrap(), (N,));
    assert_eq!(x.try_to_vec().unwrap().len(), N);
    assert_eq!(weights::load(&path, &layer).unwrap().weight.shape(), (N / 2, 2));
    std::fs::remove_dir_all(&folder).unwrap();
    // Memory that is only cached for later is freed and used.
    Device::cpu().trim();
    let all = ballast();
    drop((x, layer));
    assert_eq!(Tensor::try_full(1.0f32, (25 << 20,)).unwrap().shape(), (25 << 20,));
    drop(all);
}

// ---- the end of a thread

/// Calls functions when its thread ends.
struct AtTheEnd;

static ENDED: AtomicUsize = AtomicUsize::new(0);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
        // One that was compiled before, and one that is compiled here.
        assert_eq!(scaled(&x, 2.0).to_vec(), [2.0, 4.0]);
        assert_eq!(scaled(&x, 2.0 + ENDED.load(Ordering::SeqCst) as f32 + 1.0).to_vec().len(), 2);
        let m = Tensor::from_vec((0..64 * 64).map(|i| (i % 7) as f32).collect(), (64, 64));
        assert_eq!(product(&m).to_vec().len(), 64 * 64);
        assert_eq!(thunder::explain(|| scaled(&x, 2.0)).unwrap().len(), 1);
        assert!(thunder::call(|| scaled(&x, 2.0)).is_ok());
        // A refused one: its static code panics.
        assert!(unlucky::call(&x, 0).is_err());
        ENDED.fetch_add(1, Ordering::SeqCst);
    }
}

#[thunder]
fn unlucky(x: &Tensor<f32, (N,)>, d: usize) -> Tensor<f32, (N,)> {
    x * ((N / d) as f32)
}

thread_local! {
    // Whether thread locals are dropped in order of first use or in reverse, one of the two is dropped after thunder's.
    static BEFORE: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    static AFTER: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
}

#[test]
fn functions_run_while_a_thread_ends() {
    child("while_a_thread_ends", 0, &[]);
}

#[test]
#[ignore = "a child process"]
fn while_a_thread_ends() {
    for calls in [true, false] {
        let before = ENDED.load(Ordering::SeqCst);
        std::thread::spawn(move || {
            BEFORE.set(Some(AtTheEnd));
            if calls {
                let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
                assert_eq!(scaled(&x, 2.0).to_vec(), [2.0, 4.0]);
                let m = Tensor::from_vec((0..64 * 64).map(|i| (i % 7) as f32).collect(), (64, 64));
                assert_eq!(product(&m).shape(), (64, 64));
                assert!(unlucky::call(&x, 0).is_err());
            }
            AFTER.set(Some(AtTheEnd));
        })
        .join()
        .unwrap();
        assert_eq!(ENDED.load(Ordering::SeqCst), before + 2);
    }
}

// ---- the environment

#[test]
fn garbage_in_the_environment_is_said() {
    for garbage in ["abc", "0", "-1", "1e3", "1000"] {
        let err = stderr(&child("of_some_threads", 0, &[("THUNDER_THREADS", garbage)]));
        let said = format!("THUNDER_THREADS is \"{garbage}\": expected a number from 1 to 256");
        assert_eq!(err.matches(&said).count(), 1, "{err}");
    }
    for fine in ["1", "3", ""] {
        let err = stderr(&child("of_some_threads", 0, &[("THUNDER_THREADS", fine)]));
        assert!(!err.contains("THUNDER_THREADS"), "{err}");
    }
}

#[test]
#[ignore = "a child process"]
fn of_some_threads() {
    for n in [1 << 20, 1 << 21] {
        assert_eq!(scaled(&Tensor::ones((n,)), 2.0).to_vec()[n - 1], 2.0);
    }
}
