use thunder::prelude::*;

#[thunder]
fn halved(x: &Tensor<f32, (Dim<{ C / 2 }>,)>) -> Tensor<f32, (C,)> { //~ halved
    zeros::<f32, _>((C,)) + x.sum(..)
}

#[thunder]
fn product(x: &Tensor<f32, (Dim<{ A * B }>,)>) -> Tensor<f32, (A, B)> { //~ product //~ product
    x.reshape((A, B))
}

#[thunder]
fn doubled(x: &Tensor<f32, (Dim<{ 2 * C }>,)>) -> Tensor<f32, (C,)> {
    zeros::<f32, _>((C,)) + x.sum(..)
}

fn main() {}
