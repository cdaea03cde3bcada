use thunder::prelude::*;

#[thunder] //~ #[thunder]
type Vector = Tensor<f32, (usize,)>;

#[thunder] //~ #[thunder]
const SCALE: f32 = 2.0;

fn main() {}
