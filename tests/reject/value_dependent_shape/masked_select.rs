use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, m: &Tensor<bool, (N,)>) -> Tensor<f32, (_,)> {
    let y = x.masked_select(m); //~ masked_select
    let i = m.argwhere(); //~ argwhere
    y.index_select(0, i)
}

fn main() {}
