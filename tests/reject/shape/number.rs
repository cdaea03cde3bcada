use thunder::prelude::*;

// A number is no type. rustc says so first, and does not know of `Dim`.
#[thunder]
fn f(x: &Tensor<f32, (3, C)>) -> Tensor<f32, (3, C)> { //~ 3 //~ 3 //~ 3 //~ 3
    let y: Tensor<f32, (_, C)> = x.exp();
    y
}

#[thunder]
struct Layer {
    w: Tensor<f32, (2 * C,)>, //~ 2 //~ 2 * C
}

#[thunder]
fn wrong_kind(x: &Tensor<f32, 4>) -> Tensor<f32, ()> { //~ Tensor<f32, 4>
    x.sum(())
}

// Who uses them does not suffer.
#[thunder]
fn g(layer: &Layer, x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    f(x) + layer.w.sum(-1)
}

fn main() {}
