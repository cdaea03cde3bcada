use thunder::prelude::*;

#[thunder]
struct Inner {
    w: Tensor<f32, (C,)>,
    steps: usize,
}

#[thunder]
struct Outer {
    inner: Inner<C = C>,
}

#[thunder]
impl Outer {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.inner.steps = self.inner.steps + 1; //~ self.inner.steps
        self.inner.w = x.exp(); //~ self.inner.w
        x.clone()
    }
}

fn main() {}
