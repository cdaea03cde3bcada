//! Loops of thousands of steps compile on a small stack, in time about linear in the number of steps.

use std::time::{Duration, Instant};
use thunder::prelude::*;

/// The gradient of a scan with respect to its initial carry, to the mapped input, and to a value that every step reads.
#[thunder]
fn scanned(
    start: &Tensor<f32, (N,)>,
    xs: &Tensor<f32, (T, N)>,
    w: &Tensor<f32, (N,)>,
) -> (Tensor<f32, (N,)>, Tensor<f32, (T, N)>, Tensor<f32, (N,)>) {
    grad(&(start.clone(), xs.clone(), w.clone()), |(start, xs, w)| {
        let (last, ys) = scan(start.clone(), xs, |carry, x| {
            let next = (carry * w + x).tanh();
            (next.clone(), next)
        });
        last.sum(..) + ys.square().sum(..)
    })
}

/// The gradient of a loop that reads a row of `xs` in each step, all but the first two and the last.
#[thunder]
fn looped(xs: &Tensor<f32, (T, N)>) -> Tensor<f32, (T, N)> {
    grad(xs, |xs| {
        let mut h = xs.select_index(0, 1);
        for i in 2..T - 1 {
            h = (h * 0.5 + xs.select_index(0, i)).sin();
        }
        h.sum(..)
    })
}

/// A loop without a derivative, whose steps are all elementwise.
#[thunder]
fn plain(x: &Tensor<f32, (N,)>, steps: usize) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for _ in 0..steps {
        h = (h * 0.5 + 1.0).maximum(0.25);
    }
    h
}

/// A loop over constants, whose steps could all be duplicated into their readers.
#[thunder]
fn constants(x: &Tensor<f32, (N,)>, steps: usize) -> Tensor<f32, (N,)> {
    let mut h = full::<f32, _>((N,), 0.5);
    for _ in 0..steps {
        h = h * 0.5 + 1.0;
    }
    x + h
}

/// A loop of views and of casts.
#[thunder]
fn views(x: &Tensor<f32, (N, N)>, steps: usize) -> Tensor<f32, (N, N)> {
    let mut h = x.clone();
    for _ in 0..steps {
        h = h.transpose(0, 1).flip((0,)).cast::<f64>().cast::<f32>();
    }
    h
}

/// Embeddings looked up in a loop.
#[thunder]
fn lookups(table: &Tensor<f32, (V, N)>, tokens: &Tensor<i64, (T, B)>) -> Tensor<f32, (V, N)> {
    grad(table, |table| {
        let (last, _) = scan(zeros::<f32, _>((B, N)), tokens, |h, t| {
            let next = (h * 0.5 + table.index_select(0, t)).tanh();
            (next, ())
        });
        last.sum(..)
    })
}

/// The result of `f` on a thread with a stack of 256 KiB in release builds, where frames are smaller, and 512 in debug
/// builds; the test harness has threads of 2 MiB.
fn on_a_small_stack<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    let stack = if cfg!(debug_assertions) { 512 << 10 } else { 256 << 10 };
    std::thread::scope(|s| {
        std::thread::Builder::new().stack_size(stack).spawn_scoped(s, f).unwrap().join().unwrap()
    })
}

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.7).sin()).collect()
}

fn close(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    let scale = want.iter().fold(0f64, |m, x| m.max(x.abs()));
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(g) - w).abs() <= 1e-5 * scale, "element {i}: {g} instead of {w}");
    }
}

/// The gradients of [`scanned`] by hand, in f64.
fn scanned_by_hand(start: &[f32], xs: &[f32], w: &[f32]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let n = start.len();
    let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let (xs, w) = (wide(xs), wide(w));
    let mut states = vec![wide(start)];
    for x in xs.chunks(n) {
        let last = &states[states.len() - 1];
        states.push((0..n).map(|i| (last[i] * w[i] + x[i]).tanh()).collect());
    }
    let (mut dxs, mut dw, mut dh) = (vec![0.0; xs.len()], vec![0.0; n], vec![1.0; n]);
    for t in (0..xs.len() / n).rev() {
        for i in 0..n {
            let y = states[t + 1][i];
            let inner = (dh[i] + 2.0 * y) * (1.0 - y * y);
            dxs[t * n + i] = inner;
            dw[i] += inner * states[t][i];
            dh[i] = inner * w[i];
        }
    }
    (dh, dxs, dw)
}

#[test]
fn the_gradient_of_a_scan_of_thousands_of_steps() {
    let (steps, n) = (3000, 4);
    let (start, xs, w) = (numbers(n), numbers(steps * n), vec![0.9f32, -0.5, 0.3, 1.1]);
    let (d_start, d_xs, d_w) = on_a_small_stack(|| {
        let start = Tensor::from_vec(start.clone(), (n,));
        let (a, b, c) =
            scanned(&start, &Tensor::from_vec(xs.clone(), (steps, n)), &Tensor::from_vec(w.clone(), (n,)));
        (a.to_vec(), b.to_vec(), c.to_vec())
    });
    let want = scanned_by_hand(&start, &xs, &w);
    close(&d_start, &want.0);
    close(&d_xs, &want.1);
    close(&d_w, &want.2);
}

#[test]
fn the_gradient_of_a_loop_of_thousands_of_steps() {
    let (steps, n) = (3000, 2);
    let xs = numbers(steps * n);
    let got = on_a_small_stack(|| looped(&Tensor::from_vec(xs.clone(), (steps, n))).to_vec());
    let mut states = vec![[f64::from(xs[n]), f64::from(xs[n + 1])]];
    let row = |t: usize, i: usize| f64::from(xs[t * n + i]);
    for t in 2..steps - 1 {
        let h = states[t - 2];
        states.push([0, 1].map(|i| (h[i] * 0.5 + row(t, i)).sin()));
    }
    let mut want = vec![0.0; steps * n];
    for i in 0..n {
        let mut dh = 1.0;
        for t in (2..steps - 1).rev() {
            let inner = dh * (states[t - 2][i] * 0.5 + row(t, i)).cos();
            want[t * n + i] = inner;
            dh = inner * 0.5;
        }
        want[n + i] = dh;
    }
    close(&got, &want);
}

#[test]
fn other_loops_of_thousands_of_steps() {
    on_a_small_stack(|| {
        let x = Tensor::from_vec(vec![3.0f32, -3.0], (2,));
        close(&plain(&x, 5000).to_vec(), &[2.0, 2.0]);
        close(&constants(&x, 5000).to_vec(), &[5.0, -1.0]);
        let m = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
        // A turn by a right angle, a multiple of four times.
        assert_eq!(views(&m, 2000).to_vec(), m.to_vec());
        let (steps, table) = (2000, Tensor::from_vec(numbers(6), (3, 2)));
        let tokens = (0..steps as i64 * 2).map(|i| i * i % 3).collect();
        assert_eq!(lookups(&table, &Tensor::from_vec(tokens, (steps, 2))).shape(), (3, 2));
    });
}

/// The rows that no step reads get zeros, and a row that several read gets the sum.
#[test]
fn parts_are_joined_wherever_they_lie() {
    #[thunder]
    fn parts(x: &Tensor<f32, (R, C)>, i: &Tensor<i64, (K,)>) -> Tensor<f32, (R, C)> {
        grad(x, |x| {
            // A tiling of a corner, one tile twice, windows that overlap, and rows at indices.
            let a = (x.slice((..2, ..2)) * 1.0).sum(..) + (x.slice((..2, 2..)) * 2.0).sum(..);
            let b = (x.slice((2..3, ..2)) * 3.0).sum(..) + (x.slice((2..3, ..2)) * 4.0).sum(..);
            let c = (x.slice((3..5, ..)) * 10.0).sum(..) + (x.slice((4..6, ..)) * 20.0).sum(..);
            let d = (x.index_select(0, i) * 100.0).sum(..) + (x.index_select(0, i) * 200.0).sum(..);
            a + b + c + d
        })
    }
    let x = Tensor::from_vec(numbers(24), (6, 4));
    let got = parts(&x, &Tensor::from_vec(vec![0i64, 5], (2,))).to_vec();
    let want = [
        [301.0, 301.0, 302.0, 302.0],
        [1.0, 1.0, 2.0, 2.0],
        [7.0, 7.0, 0.0, 0.0],
        [10.0; 4],
        [30.0; 4],
        [320.0; 4],
    ];
    assert_eq!(got, want.concat());
}

/// Three times the steps take about three times as long to compile, and as many times the memory traffic.
#[test]
fn compiling_is_linear_in_the_steps() {
    let n = 4;
    let measure = |steps: usize| {
        let start = Tensor::from_vec(numbers(n), (n,));
        let xs = Tensor::from_vec(numbers(steps * n), (steps, n));
        let begin = Instant::now();
        let e = scanned::explain(&start, &xs, &start).unwrap();
        if std::env::var_os("RESOURCES_SHOW").is_some() {
            let stages: Vec<String> = e.stages.iter().map(|s| format!("{} {:.0?}", s.name, s.time)).collect();
            println!("{steps} steps: {:.2?}, {}", begin.elapsed(), stages.join(", "));
        }
        let bytes: usize = e.report.steps.iter().map(|s| s.bytes).sum();
        (begin.elapsed(), bytes)
    };
    let (small, large) = (measure(150), measure(1500));
    assert!(large.1 < 12 * small.1, "{} bytes, then {}", small.1, large.1);
    // Ten times, with room for a busy machine: quadratic would be a hundred times.
    let slack = Duration::from_millis(500);
    assert!(large.0 < 30 * small.0 + slack, "{:?}, then {:?}", small.0, large.0);
}
