use std::sync::mpsc;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let (sender, receiver) = mpsc::channel(); //~ mpsc::channel
    sender.send(x.exp()).unwrap();
    receiver.recv().unwrap()
}

fn main() {}
