use thunder::prelude::*;

fn pick(n: usize) -> usize {
    n
}

// Given by name a function is called by std, or by a name of its own: the trace sees neither.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, k: usize) -> Tensor<f32, (N,)> {
    let a = Some(k).map(pick).unwrap(); //~ pick
    let b: usize = (0..k).map(pick).sum(); //~ pick
    let c = [1usize, 2].iter().copied().map(crate::pick).count(); //~ crate::pick
    let g = pick;
    x * a * b * c * g(2) //~ g
}

fn main() {}
