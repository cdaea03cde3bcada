use thunder::prelude::*;

macro_rules! vec {
    ($($e:expr),*) => {{
        println!("once");
        [$($e),*]
    }};
}

macro_rules! assert {
    ($e:expr) => {
        println!("{}", $e)
    };
}

#[thunder]
pub fn f(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    assert!(n > 0); //~ assert
    let list = vec![x.exp()]; //~ vec
    list[0].clone()
}

fn main() {}
