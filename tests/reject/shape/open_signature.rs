use thunder::prelude::*;

// `_` leaves an extent open, nothing else.
#[thunder]
fn shape(x: &Tensor<f32, _>) -> Tensor<f32, (_,)> { //~ _
    x.exp()
}

#[thunder]
fn element(x: &Tensor<_, (N,)>) -> Tensor<_, (N,)> { //~ _ //~ _
    x.exp()
}

#[thunder]
fn whole(x: &Tensor<f32, (N,)>, y: _) -> _ { //~ _ //~ _
    x.exp()
}

fn main() {}
