//! The cost of a cached call of a small function, and of a call with a module of 150 parameters. `cargo bench --bench calls`.

use std::time::Instant;
use thunder::prelude::*;

#[thunder]
fn tiny(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * 2.0 + 1.0
}

/// A module of many parameters. The call reads one of them.
#[thunder]
struct Wide {
    parameters: Vec<Tensor<f32, (_,)>>,
}

#[thunder]
fn first(m: &Wide, x: &Tensor<f32, (_,)>) -> Tensor<f32, (_,)> {
    x + &m.parameters[0]
}

/// The median microseconds of a call, over batches of 1000.
fn microseconds(call: impl Fn()) -> f64 {
    let mut times: Vec<f64> = (0..101)
        .map(|_| {
            let start = Instant::now();
            (0..1000).for_each(|_| call());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    // `cargo test` runs benches too, to check that they work.
    if std::env::args().all(|a| a != "--bench") {
        return println!("# nothing was timed: run it with `--bench`");
    }
    let x = Tensor::from_vec(vec![0.5f32; 8], (8,));
    let wide = Wide { parameters: (0..150).map(|_| Tensor::ones((8,))).collect() };
    println!("a tiny function: {:.2} us", microseconds(|| drop(tiny(&x))));
    println!("with 150 parameters: {:.2} us", microseconds(|| drop(first(&wide, &x))));
}
