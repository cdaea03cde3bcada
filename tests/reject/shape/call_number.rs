use thunder::prelude::*;

#[thunder]
fn rgb(x: &Tensor<f32, (N, Dim<3>)>) -> Tensor<f32, (N,)> {
    x.mean(-1)
}

#[thunder]
fn f(x: &Tensor<f32, (N, Dim<4>)>) -> Tensor<f32, (N,)> {
    rgb(&x.square()) //~ &x.square()
}

#[thunder]
fn g(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N,)> {
    rgb(x) //~ x
}

fn main() {}
