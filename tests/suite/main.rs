//! Tests for every device, in one binary: operations, random traces, fused kernels, the language, training, and
//! goldens from JAX. It runs on the CPU, or on the device that `THUNDER_TEST_DEVICE` names:
//!
//! ```sh
//! cargo test --release --test suite --no-run            # prints the binary, which needs neither Rust nor the sources
//! THUNDER_TEST_DEVICE=cuda:0 target/release/deps/suite-…
//! ```
#![allow(missing_docs)]

mod accuracy;
mod calls;
#[path = "../../thunder-core/tests/common/mod.rs"]
mod common;
mod custom;
mod device;
mod exact;
mod goldens;
mod kernels;
mod language;
mod numerics;
mod operations;
mod random;
#[path = "../../thunder-core/tests/common/random.rs"]
mod recipes;
mod train;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use thunder::prelude::*;
use thunder_core::exec::Backend;

/// The device under test, which is also made the default device.
pub fn device() -> &'static dyn Backend {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let device = DEVICE.get_or_init(|| {
        let name = std::env::var("THUNDER_TEST_DEVICE").unwrap_or_else(|_| "cpu".into());
        let device = match name.strip_prefix("cuda:") {
            Some(ordinal) => Device::cuda(ordinal.parse().expect("a number after `cuda:`")),
            None if name == "cpu" => Device::cpu(),
            None => panic!("THUNDER_TEST_DEVICE={name}: there are `cpu` and `cuda:N`"),
        };
        device.set_default();
        device
    });
    device.backend()
}

/// Runs jobs on many threads, and fails with a list of all failures.
pub fn all<T: Sync>(jobs: &[T], job: impl Fn(&T) + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // `compute-sanitizer --tool racecheck` follows the launches of one thread only.
    let set = std::env::var("THUNDER_TEST_THREADS").ok();
    let set = set.map(|n| n.parse().expect("THUNDER_TEST_THREADS is a number"));
    let threads = set.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(x) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(x)));
                    if let Err(e) = done {
                        let text = e.downcast_ref::<String>().cloned();
                        let text = text.or_else(|| e.downcast_ref::<&str>().map(ToString::to_string));
                        failures.lock().expect("no panic holds it").push(text.unwrap_or_default());
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic holds it");
    println!("{} of {} passed", jobs.len() - failures.len(), jobs.len());
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
