//! Configuration of the language: constructors of any name, and methods of its own that bear the names of std's.

use thunder::prelude::*;

#[thunder]
#[derive(Debug, PartialEq)]
enum Act {
    Relu,
    Id,
    K(f32, usize),
}

#[thunder]
#[derive(Debug, PartialEq)]
struct Config {
    layers: Vec<usize>,
    name: String,
    act: Option<Act>,
}

#[thunder]
impl Config {
    fn width(&self, i: usize) -> usize {
        self.layers[i] + self.name.len()
    }
}

/// A type whose name is one capital, as a dimension's is.
#[thunder]
struct W(Tensor<f32, (C,)>);

#[thunder]
impl W {
    fn next(self, x: &Tensor<f32, (C,)>) -> Self {
        Self(self.0 + x)
    }

    fn both(&self) -> (Self, W) {
        (Self(self.0.exp()), W(self.0.sin()))
    }
}

/// Leading capitals.
#[thunder]
struct MLP<E: Float>(Tensor<E, (C,)>, f32);

#[thunder]
fn made(x: &Tensor<f32, (C,)>) -> (MLP<f32>, Act) {
    let MLP(a, k) = MLP(x.exp(), 2.0);
    let list: Vec<MLP<f32>> = (0..2).map(|i| MLP(&a * i as f32, k)).collect();
    let act = Act::K(k, 2);
    let n = if let Act::K(k, n) = act { k * n as f32 } else { 0.0 };
    (MLP::<f32>(&list[1].0 + n, k), Act::K(n, 1))
}

#[thunder]
fn configured(x: &Tensor<f32, (N,)>, config: &Config, widths: &[usize]) -> Tensor<f32, (N,)> {
    let depth = config.layers.len() + widths.iter().max().copied().unwrap_or_default();
    let scaled = x * (config.width(0) * depth) as f32;
    let each = widths.iter();
    assert!(each.clone().count() == widths.len(), "{:?}", widths);
    let act = config.act.clone().unwrap_or(Act::Id);
    if act == Act::Relu && config.name.starts_with("a") { scaled.relu() } else { scaled }
}

/// Lists in fields, by element.
#[thunder]
struct Listed {
    ws: Vec<Tensor<f32, (C,)>>,
    sizes: Vec<usize>,
}

#[thunder]
impl Listed {
    fn some(&self, x: &Tensor<f32, (C,)>, i: usize) -> Tensor<f32, (C,)> {
        let mut y = x * self.ws.first().unwrap();
        if let Some(w) = self.ws.get(i) {
            y = y + w;
        }
        let last = self.ws.last().unwrap();
        y * last * (self.sizes.last().copied().unwrap_or(0) + self.sizes.get(i).map_or(0, |s| *s)) as f32
    }
}

fn main() {
    let config = Config { layers: vec![1, 2], name: "ab".into(), act: Some(Act::Relu) };
    let x = Tensor::from_vec(vec![1.0f32, -1.0], (2,));
    assert_eq!(configured(&x, &config, &[3]).to_vec(), [15.0, 0.0]);
    let zero = Tensor::<f32, _>::zeros((1,));
    let (mlp, act) = made(&zero);
    assert_eq!((mlp.0.to_vec(), mlp.1, act), (vec![5.0], 2.0, Act::K(4.0, 1)));
    let w = W(zero);
    assert_eq!(w.both().0.0.to_vec(), [1.0]);
    assert_eq!(w.next(&Tensor::ones((1,))).0.to_vec(), [1.0]);
    let t = |v: f32| Tensor::from_vec(vec![v], (1,));
    let listed = Listed { ws: vec![t(2.0), t(3.0)], sizes: vec![4, 5] };
    assert_eq!(listed.some(&t(1.0), 1).to_vec(), [150.0]);
}
