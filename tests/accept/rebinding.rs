// Shadowing, rebinding of `let mut`, by-value parameters, blocks as values.
use thunder::prelude::*;

#[thunder]
fn f(mut x: Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    x = x * 2.0;
    let y = x.exp();
    let y = y + &x;
    let mut z;
    z = y.sin();
    if n > 2 {
        z = z.cos();
    } else {
        let x = z.tanh();
        z = x * 3.0;
    }
    let w = {
        let t = z.square();
        t + 1.0
    };
    let mut count = 0;
    count += n;
    let mut pair = (w, count);
    pair = (pair.0 * 0.5, pair.1 + 1);
    pair.0 * pair.1
}

#[thunder]
fn borrowed(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = &x.exp();
    let z = y;
    -(z + y * z - y / z) * &(&*y).log()
}

#[thunder]
fn no_result(x: &Tensor<f32, (N,)>) {
    let _ = x.exp();
}

#[thunder]
fn printed(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    debug_print("x", x) + 1.0
}

fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    assert!(f(x.clone(), 1).to_vec()[0].is_finite());
    assert!(f(x.clone(), 3).to_vec()[0].is_finite());
    assert!(borrowed(&x).to_vec()[0].is_finite());
    no_result(&x);
    printed(&x);
}
