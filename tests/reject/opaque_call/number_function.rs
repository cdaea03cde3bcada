use thunder::prelude::*;

#[thunder]
struct Scaled {
    w: Tensor<f32, (N,)>,
    eps: f32,
}

#[thunder]
impl Scaled {
    fn largest(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let floor = f32::max(self.eps, 0.5);
        let top = f32::max(x.amax(..), 1.0); //~ x.amax(..)
        let low = std::cmp::min(x, 1); //~ x
        let root = f32::sqrt(x); //~ x
        x * floor + top + low + root
    }
}

#[thunder]
impl Scaled {
    fn of_field(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let k = f32::max(self.eps, 0.5);
        x * k + f32::max(self.w, 1.0) //~ self.w
    }
}

fn main() {}
