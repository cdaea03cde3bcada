use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    assert_eq!(N, 4);
    let name = concat!("a", "b"); //~ concat
    if N > 9 {
        todo!("{name}")
    }
    x.exp()
}

fn main() {}
