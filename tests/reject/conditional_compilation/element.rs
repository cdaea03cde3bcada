use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (_,)> {
    let all = vec![
        x.exp(),
        #[cfg(unix)] //~ #[cfg(unix)]
        x.log(),
    ];
    cat(&all, 0)
}

fn main() {}
