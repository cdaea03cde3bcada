//! A small persistent pool of threads: dispatching costs well under a microsecond while they are awake, which
//! matters because a training step is hundreds of short loops.
//!
//! One thread a core; `THUNDER_THREADS` says otherwise. Results do not depend on the number.

use std::any::Any;
use std::cell::UnsafeCell;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, LazyLock, Mutex, TryLockError};

/// How many times a thread without work looks for some before it sleeps.
const SPINS: usize = 20_000;
/// The most threads.
const MOST: usize = 256;
/// The job is open: threads may join it. The bits below count those inside.
const OPEN: usize = 1 << (usize::BITS - 1);

type Task<'a> = &'a (dyn Fn(usize) + Sync);

struct Pool {
    threads: usize,
    /// Held by the caller whose job runs.
    caller: Mutex<()>,
    /// Counts jobs, so that a thread joins each once.
    job: AtomicUsize,
    state: AtomicUsize,
    next: AtomicUsize,
    task: UnsafeCell<Option<(Task<'static>, usize)>>,
    asleep: AtomicUsize,
    gate: Mutex<()>,
    bell: Condvar,
    failed: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `task` is written only by the holder of `caller` while `state` is 0, when no other thread reads it.
unsafe impl Sync for Pool {}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = asked(std::env::var_os("THUNDER_THREADS")).unwrap_or_else(|found| {
        eprintln!(
            "thunder: the environment variable THUNDER_THREADS is {found:?}: expected a number from 1 to {MOST}; \
             it is ignored, and there is one thread a core"
        );
        None
    });
    let threads = threads.unwrap_or(all).clamp(1, MOST);
    for i in 1..threads {
        let thread = std::thread::Builder::new().name(format!("thunder-{i}"));
        let _ = thread.spawn(|| POOL.serve());
    }
    Pool {
        threads,
        caller: Mutex::new(()),
        job: AtomicUsize::new(0),
        state: AtomicUsize::new(0),
        next: AtomicUsize::new(0),
        task: UnsafeCell::new(None),
        asleep: AtomicUsize::new(0),
        gate: Mutex::new(()),
        bell: Condvar::new(),
        failed: AtomicBool::new(false),
        panic: Mutex::new(None),
    }
});

/// The number of threads asked for; what was found there if it is none.
fn asked(found: Option<OsString>) -> Result<Option<usize>, OsString> {
    let Some(text) = found.filter(|t| !t.is_empty()) else { return Ok(None) };
    let number = text.to_str().and_then(|t| t.trim().parse().ok());
    match number.filter(|n| (1..=MOST).contains(n)) {
        Some(n) => Ok(Some(n)),
        None => Err(text),
    }
}

/// The threads that share the work, the caller's among them.
pub(super) fn count() -> usize {
    POOL.threads
}

/// Runs `task(0)`, .., `task(n - 1)`, each once, on all threads; returns when all are done.
///
/// A task may itself call this: it then runs on its own thread alone, as does a second caller meanwhile.
pub(super) fn run(n: usize, task: Task<'_>) {
    let alone = || (0..n).for_each(task);
    if n <= 1 || POOL.threads <= 1 {
        return alone();
    }
    match POOL.caller.try_lock() {
        Ok(_held) => POOL.dispatch(n, task),
        Err(TryLockError::Poisoned(_held)) => POOL.dispatch(n, task),
        Err(TryLockError::WouldBlock) => alone(),
    }
}

impl Pool {
    fn dispatch(&self, n: usize, task: Task<'_>) {
        // SAFETY: only the lifetime changes. The job is closed and left by every thread before this returns.
        let task: Task<'static> = unsafe { std::mem::transmute(task) };
        // SAFETY: `state` is 0 and `caller` is held, so nothing else touches the cell.
        unsafe { *self.task.get() = Some((task, n)) };
        self.next.store(0, SeqCst);
        // Opened before it is announced: who sees the new count must find the door open.
        self.state.store(OPEN, SeqCst);
        self.job.fetch_add(1, SeqCst);
        if self.asleep.load(SeqCst) > 0 {
            drop(self.gate.lock());
            self.bell.notify_all();
        }
        let mine = catch_unwind(AssertUnwindSafe(|| self.work(task, n)));
        self.state.fetch_and(!OPEN, SeqCst);
        let mut spins = 0;
        while self.state.load(SeqCst) != 0 {
            spins += 1;
            if spins > SPINS { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
        if let Err(panic) = mine {
            resume_unwind(panic);
        }
        if self.failed.swap(false, SeqCst)
            && let Some(panic) = self.panic.lock().ok().and_then(|mut p| p.take())
        {
            resume_unwind(panic);
        }
    }

    fn work(&self, task: Task<'_>, n: usize) {
        loop {
            let i = self.next.fetch_add(1, SeqCst);
            if i >= n {
                return;
            }
            task(i);
        }
    }

    /// The life of a thread of the pool.
    fn serve(&self) {
        let mut seen = 0;
        loop {
            self.await_job(seen);
            seen = self.job.load(SeqCst);
            let joined = self.state.fetch_update(SeqCst, SeqCst, |s| (s & OPEN != 0).then_some(s + 1));
            if joined.is_err() {
                continue;
            }
            // SAFETY: this thread is counted in `state`, so the cell keeps its content until it leaves.
            let job = unsafe { *self.task.get() };
            if let Some((task, n)) = job
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work(task, n)))
            {
                if let Ok(mut place) = self.panic.lock() {
                    *place = Some(panic);
                }
                self.next.store(usize::MAX / 2, SeqCst);
                self.failed.store(true, SeqCst);
            }
            self.state.fetch_sub(1, SeqCst);
        }
    }

    fn await_job(&self, seen: usize) {
        for _ in 0..SPINS {
            if self.job.load(SeqCst) != seen {
                return;
            }
            std::hint::spin_loop();
        }
        let Ok(mut held) = self.gate.lock() else { return };
        self.asleep.fetch_add(1, SeqCst);
        while self.job.load(SeqCst) == seen {
            held = match self.bell.wait(held) {
                Ok(held) => held,
                Err(poisoned) => poisoned.into_inner(),
            };
        }
        self.asleep.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    #[test]
    fn only_a_number_of_threads_is_one() {
        let asked = |t: &str| super::asked(Some(t.into())).map_err(|_| ());
        assert_eq!((asked("3"), asked(" 256 "), asked("")), (Ok(Some(3)), Ok(Some(256)), Ok(None)));
        assert!(["0", "257", "-1", "four", "2.5", "99999999999999999999"].iter().all(|t| asked(t).is_err()));
        assert_eq!(super::asked(None), Ok(None));
    }

    #[test]
    fn every_task_runs_once() {
        for n in [0, 1, 2, 7, 1000] {
            let sum = AtomicUsize::new(0);
            super::run(n, &|i| {
                sum.fetch_add(i + 1, Relaxed);
            });
            assert_eq!(sum.into_inner(), n * (n + 1) / 2);
        }
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let caught = std::panic::catch_unwind(|| super::run(64, &|i| assert!(i != 40)));
        assert!(caught.is_err());
        let sum = AtomicUsize::new(0);
        super::run(10, &|_| {
            sum.fetch_add(1, Relaxed);
        });
        assert_eq!(sum.into_inner(), 10);
    }
}
