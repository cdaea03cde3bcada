use thunder::prelude::*;

// A struct that is not under `#[thunder]`, refused once wherever it stands.
pub struct Plain {
    pub n: usize,
}

#[derive(Clone)]
pub struct Copied;

#[thunder]
fn takes(p: &Plain, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ Plain
    x * p.n
}

#[thunder]
fn gives_back(p: Plain) -> Plain { //~ Plain
    p
}

#[thunder]
fn optional(p: Option<&Copied>, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ Copied
    if p.is_some() { x.exp() } else { x.log() }
}

#[thunder]
fn several(ps: &[Copied], x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ Copied
    x * ps.len()
}

#[thunder]
fn result(x: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Plain) { //~ Plain
    (x.exp(), Plain { n: N })
}

#[thunder]
struct Layer {
    plain: Plain, //~ Plain
    w: Tensor<f32, (N,)>,
}

#[thunder]
impl Layer {
    // What uses it is not refused too.
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        takes(&self.plain, x) * &self.w
    }
}

#[thunder]
enum Choice {
    One(Plain), //~ Plain
    None,
}

#[thunder]
impl Plain { //~ Plain
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * self.n
    }

    fn twice(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        self.forward(&self.forward(x))
    }
}

fn main() {}
