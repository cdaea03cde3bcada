// What bears no `#[thunder]`: methods of what a body makes, functions by their trait, an `impl` of a `#[thunder]` trait.
use thunder::prelude::*;

#[thunder]
pub trait Layer {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)>;
}

pub trait Plain {
    fn plain() -> f32;
}

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
    pub ws: Vec<Tensor<f32, (_,)>>,
    pub sizes: Vec<usize>,
}

impl Layer for Scale { //~ impl Layer for Scale
    fn forward(&self, x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }
}

impl Plain for Scale {
    fn plain() -> f32 {
        std::env::args().count() as f32
    }
}

impl Scale {
    fn apply(&self, x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }

    fn make() -> f32 {
        1.0
    }
}

trait Longer {
    fn longer(&self) -> usize;
}

impl Longer for Vec<usize> {
    fn longer(&self) -> usize {
        std::env::args().count()
    }
}

#[thunder]
fn of_what_is_made(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let s = Scale { w: x.clone(), ws: vec![], sizes: vec![] };
    s.apply(x) //~ apply
}

#[thunder]
fn by_the_trait(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * <Scale as Plain>::plain() * Scale::plain() * Scale::make() //~ plain //~ plain //~ make
}

#[thunder]
impl Scale {
    fn lists(&self) -> Tensor<f32, (C,)> {
        let mut all = self.ws.clone();
        all.reverse(); //~ reverse
        &all[0] * self.sizes.longer() //~ longer
    }

    fn pushed(&self) -> Tensor<f32, (C,)> {
        let mut all = self.ws.clone();
        all.push(self.w.clone()); //~ push
        all[0].clone()
    }
}

fn main() {}
