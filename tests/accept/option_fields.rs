//! `map` of a field, which may be an `Option`, an array or a `Vec`'s iterator: rustc knows which.

use thunder::prelude::*;

#[thunder]
struct Model {
    rate: Option<f32>,
    bias: Option<Tensor<f32, (C,)>>,
    factors: [f32; 2],
}

#[thunder]
impl Model {
    fn rest(self, x: &Tensor<f32, (C,)>) -> Self {
        let bias = self.bias.map(|b| b * x);
        Model { bias, ..self }
    }

    fn scaled(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let y = self.rate.map(|r| x * r);
        let z = if let Some(y) = &y { y + 1.0 } else { x.clone() };
        let factors = self.factors.map(|f| f * 2.0);
        z * self.rate.map(|r| r * 2.0).unwrap_or(1.0) + factors[1]
    }

    fn either(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        match self.rate.map(|r| x * r) {
            Some(y) => y,
            None => x.clone(),
        }
    }

    fn surely(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.rate.map(|r| x * r).unwrap() + self.rate.map(|r| x - r).expect("a rate")
    }
}

#[thunder]
fn taken_apart(m: Model, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    let Model { bias, rate, .. } = m;
    let bias = bias.map(|b| b + x).unwrap();
    bias * rate.unwrap_or(1.0)
}

fn main() {
    let t = |v: f32| Tensor::from_vec(vec![v], (1,));
    let with = Model { rate: Some(2.0), bias: Some(t(3.0)), factors: [1.0, 2.0] };
    let without = Model { rate: None, ..with.clone() };
    assert_eq!(with.scaled(&t(1.0)).to_vec(), [16.0]);
    assert_eq!(without.scaled(&t(1.0)).to_vec(), [5.0]);
    assert_eq!(with.either(&t(3.0)).to_vec(), [6.0]);
    assert_eq!(without.either(&t(3.0)).to_vec(), [3.0]);
    assert_eq!(with.surely(&t(3.0)).to_vec(), [7.0]);
    assert_eq!(taken_apart(with.clone(), &t(1.0)).to_vec(), [8.0]);
    assert_eq!(with.rest(&t(2.0)).bias.unwrap().to_vec(), [6.0]);
    let none = Model { bias: None, ..without };
    assert!(none.rest(&t(2.0)).bias.is_none());
}
