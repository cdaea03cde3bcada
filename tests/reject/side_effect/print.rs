use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    println!("in f"); //~ println
    print!("x"); //~ print
    eprintln!("{:?}", x); //~ eprintln
    let y = dbg!(x.exp()); //~ dbg
    y
}

fn main() {}
