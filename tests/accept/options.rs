// `Option`s of tensors, modules and numbers: in fields, parameters and results, and std's methods on them.
use thunder::prelude::*;

type Vector = Tensor<f32, (usize,)>;

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    pub fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        x * &self.w
    }
}

#[thunder]
pub struct Net {
    pub bias: Option<Tensor<f32, (C,)>>,
    pub scale: Option<Scale>,
    pub rate: Option<f32>,
}

#[thunder]
impl Net {
    pub fn mapped(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let shifted = self.bias.as_ref().map(|b| x + b);
        let y = shifted.unwrap_or(x * 2.0);
        self.scale.as_ref().map(|s| s.forward(&y)).unwrap_or(y)
    }

    pub fn map_or(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let y = self.bias.as_ref().map_or(x.exp(), |b| x + b);
        self.scale.as_ref().map_or_else(|| y.square(), |s| s.forward(&y))
    }

    pub fn unwrapped(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let b = self.bias.clone().unwrap_or_else(|| x.neg());
        let rate = self.rate.unwrap_or(0.5);
        if self.scale.is_some() && self.bias.is_none() { b * rate } else { b * rate * 10.0 }
    }

    pub fn let_else(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let Some(b) = &self.bias else {
            return x.exp();
        };
        let Some(Scale { w }) = self.scale.as_ref() else { return b * x };
        b + w
    }

    pub fn matched(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        match (&self.bias, &self.scale, self.rate) {
            (Some(b), Some(s), _) => s.forward(b),
            (Some(b), None, Some(rate)) => b * rate,
            (None, Some(s), None) => s.forward(x),
            _ => x.clone(),
        }
    }

    pub fn chained(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let y = self.scale.as_ref().and_then(|s| self.bias.as_ref().map(|b| s.forward(b)));
        let z = y.or_else(|| self.bias.as_ref().map(|b| b * 3.0));
        if let Some(z) = &z { z + x } else { x.clone() }
    }

    pub fn number(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let factor = self.rate.map(|r| r * 2.0).unwrap_or(1.0);
        let more = self.rate.map_or(0.0, |r| r + 1.0);
        let scaled: Option<_> = self.rate.map(|r| x * r);
        scaled.unwrap_or_else(|| x.clone()) * factor + more
    }

    pub fn asked(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let wide = self.bias.as_ref().is_some_and(|b| b.shape().0 > 1);
        let small = self.rate.is_none_or(|r| r < 0.5);
        let y = if wide { x + 1.0 } else { x.clone() };
        if small { y * 100.0 } else { y }
    }

    pub fn given(&self, x: &Tensor<f32, (C,)>) -> (Option<Tensor<f32, (C,)>>, Option<Scale>) {
        (self.bias.as_ref().map(|b| b * x), self.scale.clone().filter(|_| self.rate.is_some()))
    }

    pub fn tuples(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let both = self.bias.as_ref().zip(self.scale.as_ref());
        if let Some((b, s)) = both { s.forward(b) } else { x.clone() }
    }
}

#[thunder]
fn parameters(
    x: &Tensor<f32, (C,)>,
    w: Option<&Tensor<f32, (C,)>>,
    mask: Option<Tensor<bool, (C,)>>,
    gain: Option<f32>,
) -> Tensor<f32, (C,)> {
    let y = w.map(|w| x * w).unwrap_or_else(|| x.clone());
    let y = match &mask {
        Some(m) if gain.is_some() => select(m, &y, 0.0),
        Some(m) => select(m, 1.0, &y),
        None => y,
    };
    y * gain.unwrap_or(1.0) + w.map_or(x.sum(..), |w| w.sum(..))
}

fn v(data: &[f32]) -> Vector {
    Tensor::from_vec(data.to_vec(), (data.len(),))
}

fn main() {
    let x = v(&[1.0, 2.0]);
    let (bias, scale) = (Some(v(&[3.0, 4.0])), Some(Scale { w: v(&[5.0, 6.0]) }));
    let all = Net { bias: bias.clone(), scale: scale.clone(), rate: Some(0.25) };
    let none = Net { bias: None, scale: None, rate: None };
    let biased = Net { bias, ..none.clone() };
    let scaled = Net { scale, ..none.clone() };
    let e = |x: f32| x.exp();

    assert_eq!(all.mapped(&x).to_vec(), [20.0, 36.0]);
    assert_eq!(biased.mapped(&x).to_vec(), [4.0, 6.0]);
    assert_eq!(scaled.mapped(&x).to_vec(), [10.0, 24.0]);
    assert_eq!(none.mapped(&x).to_vec(), [2.0, 4.0]);

    assert_eq!(all.map_or(&x).to_vec(), [20.0, 36.0]);
    assert_eq!(biased.map_or(&x).to_vec(), [16.0, 36.0]);
    let close = |a: Vec<f32>, b: [f32; 2]| assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * b), "{a:?}");
    close(scaled.map_or(&x).to_vec(), [5.0 * e(1.0), 6.0 * e(2.0)]);
    close(none.map_or(&x).to_vec(), [e(2.0), e(4.0)]);

    assert_eq!(all.unwrapped(&x).to_vec(), [7.5, 10.0]);
    assert_eq!(scaled.unwrapped(&x).to_vec(), [-0.5, -1.0]);
    assert_eq!(none.unwrapped(&x).to_vec(), [-5.0, -10.0]);

    assert_eq!(all.let_else(&x).to_vec(), [8.0, 10.0]);
    assert_eq!(biased.let_else(&x).to_vec(), [3.0, 8.0]);
    close(none.let_else(&x).to_vec(), [e(1.0), e(2.0)]);

    assert_eq!(all.matched(&x).to_vec(), [15.0, 24.0]);
    let rated = Net { rate: Some(2.0), ..biased.clone() };
    assert_eq!(rated.matched(&x).to_vec(), [6.0, 8.0]);
    assert_eq!(scaled.matched(&x).to_vec(), [5.0, 12.0]);
    assert_eq!(none.matched(&x).to_vec(), [1.0, 2.0]);

    assert_eq!(all.chained(&x).to_vec(), [16.0, 26.0]);
    assert_eq!(biased.chained(&x).to_vec(), [10.0, 14.0]);
    assert_eq!(scaled.chained(&x).to_vec(), [1.0, 2.0]);

    assert_eq!(all.number(&x).to_vec(), [0.125 + 1.25, 0.25 + 1.25]);
    assert_eq!(none.number(&x).to_vec(), [1.0, 2.0]);

    assert_eq!(all.asked(&x).to_vec(), [200.0, 300.0]);
    assert_eq!(rated.asked(&x).to_vec(), [2.0, 3.0]);
    assert_eq!(none.asked(&x).to_vec(), [100.0, 200.0]);

    let (b, s) = all.given(&x);
    assert_eq!(b.unwrap().to_vec(), [3.0, 8.0]);
    assert!(s.is_some() && none.given(&x).0.is_none() && scaled.given(&x).1.is_none());

    assert_eq!(all.tuples(&x).to_vec(), [15.0, 24.0]);
    assert_eq!(biased.tuples(&x).to_vec(), [1.0, 2.0]);

    let w = v(&[2.0, 3.0]);
    let mask = Tensor::from_vec(vec![true, false], (2,));
    assert_eq!(parameters(&x, Some(&w), Some(mask.clone()), Some(2.0)).to_vec(), [9.0, 5.0]);
    assert_eq!(parameters(&x, Some(&w), Some(mask), None).to_vec(), [6.0, 11.0]);
    assert_eq!(parameters(&x, None, None, None).to_vec(), [4.0, 5.0]);
}
