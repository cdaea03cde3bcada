use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: usize, k: &Scalar<i64>) -> Tensor<f32, (N,)> {
    let Some(y) = x.exp() else { return x.clone() }; //~ x.exp()
    let z = match (x.sum(..) > 0.0, n) {
        (true, 0) => x.exp(), //~ true
        _ => x.log(),
    };
    let many = vec![1.0; k]; //~ k
    z
}

fn main() {}
