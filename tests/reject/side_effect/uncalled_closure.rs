use thunder::prelude::*;

// Nothing calls the closure, and what it would do is wrong all the same.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let _show = |t: &Tensor<f32, (N,)>| {
        println!("here"); //~ println
        let mut y = t * 2.0;
        y += 1.0; //~ +=
        y
    };
    x.exp()
}

fn main() {}
