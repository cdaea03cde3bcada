use thunder::prelude::*;

#[thunder]
async fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ async
    x.exp()
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let later = async { 1 }; //~ async
    x * later.await //~ await
}

fn main() {}
