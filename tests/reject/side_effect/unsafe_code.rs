use thunder::prelude::*;

#[thunder]
unsafe fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ unsafe
    x.exp()
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>, scale: f32) -> Tensor<f32, (N,)> {
    let p = &scale as *const f32; //~ *const f32
    x * unsafe { *p } //~ unsafe
}

fn main() {}
