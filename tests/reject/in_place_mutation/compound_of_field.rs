use thunder::prelude::*;

#[thunder]
struct Scaled {
    w: Tensor<f32, (N,)>,
    rates: Vec<f32>,
}

#[thunder]
impl Scaled {
    fn field(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut rate = self.rates[0];
        rate *= 2.0;
        let mut w = self.w.clone();
        w *= 2.0; //~ w
        x * rate
    }
}

#[thunder]
impl Scaled {
    fn by_field(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut sum = 0.0;
        sum += self.rates[0];
        sum += self.w; //~ self.w
        x + 1.0
    }
}

#[thunder]
impl Scaled {
    fn by_tensor(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut rate = self.rates[0];
        rate -= x; //~ -=
        x * rate
    }
}

fn main() {}
