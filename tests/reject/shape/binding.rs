use thunder::prelude::*;

#[thunder]
pub struct Linear<E: Float> {
    pub w: Tensor<E, (Out, In)>,
}

#[thunder]
pub struct Mlp<E: Float> {
    pub up: Linear<E, Out = F, Inn = C>, //~ Inn
    pub down: Option<Linear<E, Out = C, In = F>>,
}

#[thunder]
fn f(_l: &Linear<f32, In = C, Width = D>, x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> { //~ Width
    x.exp()
}

fn main() {}
