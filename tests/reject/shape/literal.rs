// A number is no type, and rustc parses an item before it hands it to an attribute: it has spoken, in its own words,
// before the language can say `Dim<3>`.
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (3, 4)>) -> Tensor<f32, (Dim<3>, Dim<4>)> { //~ 3 //~ 3
    x.exp()
}

fn main() {}
