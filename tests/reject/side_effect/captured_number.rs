use thunder::prelude::*;

// Numbers and texts from outside are as wrong to change as tensors.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut n = 0;
    let mut names = String::new();
    let mut sizes = vec![1usize];
    grad(x, |x| {
        n += 1; //~ n
        names.push_str("x"); //~ push_str
        sizes.push(2); //~ push
        (x * n).sum(..)
    })
}

fn main() {}
