use thunder::prelude::*;

// The signature is at fault; what the body does with it follows from that.
#[thunder]
fn f(x: &mut Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) { //~ mut
    *x = y.exp();
}

#[thunder]
fn g(xs: &mut Vec<Tensor<f32, (N,)>>, step: &mut usize) -> usize { //~ mut //~ mut
    xs.len() + *step
}

fn main() {
    let mut x = Tensor::<f32, _>::zeros((2,));
    let y = x.clone();
    f(&mut x, &y);
}
