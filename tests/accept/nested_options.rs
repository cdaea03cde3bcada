// Options of boxes, of options and of tuples, and references in patterns.
use thunder::nn::Linear;
use thunder::prelude::*;
#[thunder]
struct M {
    a: Option<Box<Linear<f32, In = C, Out = C>>>,
    skip: Option<usize>,
    b: Box<Linear<f32, In = C, Out = C>>,
    inner: Option<Option<f32>>,
}
#[thunder]
impl M {
    fn m1(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let y = match &self.a {
            Some(l) => l.forward(x),
            None => x.clone(),
        };
        self.b.forward(&y)
    }
    fn m2(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        if let Some(l) = &self.a { l.forward(x) } else { x * 2.0 }
    }
    fn m3(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let Some(ref l) = self.a else { return x.clone() };
        l.forward(x)
    }
    fn m4(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        match self.a.as_ref() {
            Some(l) => l.forward(x),
            None => x.clone(),
        }
    }
    fn m5(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        match self.a.as_deref() {
            Some(l) => l.forward(x),
            None => x.clone(),
        }
    }
    fn m6(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.a.as_ref().map_or(x.clone(), |l| l.forward(x))
    }
    fn m7(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        match self.inner {
            Some(Some(k)) => x * k,
            Some(None) => x + 1.0,
            None => x.clone(),
        }
    }
    fn m8(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut h = x.clone();
        for i in 0..4 {
            if self.skip == Some(i) {
                continue;
            }
            if Some(i) == self.skip {
                continue;
            }
            if self.skip != None && self.skip.is_some() {
                h = h + 1.0;
            }
            h = h + i as f32;
        }
        h
    }
    fn m9(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        match &self.skip {
            Some(0) => x.clone(),
            Some(n) if *n > 1 => x * *n as f32,
            &Some(n) => x + n as f32,
            None => x - 1.0,
        }
    }
}
#[thunder]
fn o(
    x: &Tensor<f32, (N,)>,
    w: &Option<Tensor<f32, (N,)>>,
    k: &Option<f32>,
    l: Option<&Box<Linear<f32>>>,
) -> Tensor<f32, (N,)> {
    let y = match w {
        Some(w) => x + w,
        None => x.clone(),
    };
    let y = if let Some(k) = k { y * *k } else { y };
    let Some(k) = k else { return y };
    let y = y + k.max(1.0);
    if l.is_some() { y + 1.0 } else { y }
}
#[thunder]
fn nested(
    x: &Tensor<f32, (N,)>,
    w: Option<Option<Tensor<f32, (N,)>>>,
    t: Option<(f32, Tensor<f32, (N,)>)>,
) -> Tensor<f32, (N,)> {
    let y = match w {
        Some(Some(w)) => x + w,
        Some(None) => x * 2.0,
        None => x.clone(),
    };
    match &t {
        Some((k, t)) => y + t * *k,
        None => y,
    }
}
fn main() {
    let l = || {
        let mut l = Linear::<f32>::new(2, 2, false, Key::new(0));
        l.weight = Tensor::from_vec(vec![1.0f32, 0., 0., 2.0], (2, 2));
        l
    };
    let m = M { a: Some(Box::new(l())), skip: Some(2), b: Box::new(l()), inner: Some(Some(3.0)) };
    let x = Tensor::<f32, _>::ones((1, 2));
    assert_eq!(m.m1(&x).to_vec(), [1.0, 4.0]);
    assert_eq!(m.m2(&x).to_vec(), [1.0, 2.0]);
    assert_eq!(m.m3(&x).to_vec(), [1.0, 2.0]);
    assert_eq!(m.m4(&x).to_vec(), [1.0, 2.0]);
    assert_eq!(m.m5(&x).to_vec(), [1.0, 2.0]);
    assert_eq!(m.m6(&x).to_vec(), [1.0, 2.0]);
    assert_eq!(m.m7(&x).to_vec(), [3.0, 3.0]);
    assert_eq!(m.m8(&x).to_vec()[0], 1.0 + 3.0 + 0.0 + 1.0 + 3.0);
    assert_eq!(m.m9(&x).to_vec()[0], 2.0);
    let v = Tensor::<f32, _>::ones((2,));
    assert_eq!(o(&v, &Some(v.clone()), &Some(3.0), None).to_vec()[0], 9.0);
    assert_eq!(nested(&v, Some(Some(v.clone())), Some((2.0, v.clone()))).to_vec()[0], 4.0);
    assert_eq!(nested(&v, Some(None), None).to_vec()[0], 2.0);
}
