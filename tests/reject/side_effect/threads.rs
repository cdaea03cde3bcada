use std::thread;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.clone();
    let worker = thread::spawn(move || y.exp()); //~ thread::spawn
    worker.join().unwrap()
}

fn main() {}
