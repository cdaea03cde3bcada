use thunder::prelude::*;

#[thunder]
fn once(x: &Scalar<i64>) -> Scalar<i64> {
    if let 0 = x { x + 1 } else { x + 2 } //~ x
}

#[thunder]
fn in_a_loop(x: &Scalar<i64>) -> Scalar<i64> {
    let mut y = x.clone();
    while let 0 = y { //~ y
        y = y + 1;
    }
    y
}

fn main() {}
