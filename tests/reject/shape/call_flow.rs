use thunder::prelude::*;

#[thunder]
fn sums(x: &Tensor<f32, (B, C)>) -> (Tensor<f32, (B,)>, Tensor<f32, (C,)>) {
    (x.sum(1), x.sum(0))
}

// What a call gives goes on into operations, parts of tuples too.
#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (_,)> {
    let (rows, columns) = sums(x);
    let rows = rows.exp() * 2.0;
    rows + columns //~ +
}

fn main() {}
