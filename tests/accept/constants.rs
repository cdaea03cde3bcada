//! Constants in extents and in bodies, and what has the name of one of std's.
use thunder::prelude::*;

const K: usize = 3;
const RATES: [f32; 2] = [0.5, 2.0];

#[thunder]
#[derive(Debug, PartialEq)]
pub enum Act {
    Relu,
    Gelu,
}

#[thunder]
#[derive(Debug, PartialEq)]
pub enum Level {
    Scaled(f32),
}

#[thunder]
pub struct Config {
    pub layers: usize,
    pub act: Act,
}

#[thunder]
impl Config {
    pub fn len(&self) -> usize {
        self.layers
    }
}

// `K` names no extent of its own: it is the constant.
#[thunder]
fn tiled(x: &Tensor<f32, (N,)>) -> Tensor<f32, (Dim<{ 2 * K }>,)> {
    zeros::<f32, _>((2 * K,)) + x.sum(..)
}

#[thunder]
fn doubled(x: &Tensor<f32, (N,)>) -> Tensor<f32, (Dim<{ 2 * N }>,)> {
    cat(&[x, x], 0)
}

// By its type a method is the language's, whatever its name.
#[thunder]
fn depth(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    x * Config::len(config)
}

// Messages show plain values, of fields too; constructors are given to std by name.
#[thunder]
fn plain(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    let layers = config.layers;
    assert!(layers > 0, "{layers} of {:?}, {N}, {n}", config.act, n = config.layers);
    let levels: Vec<Level> = RATES.iter().copied().map(Level::Scaled).collect();
    let some: Vec<Option<usize>> = (0..K).map(Some).collect();
    let zero: usize = Default::default();
    x * std::cmp::max(levels.len(), some.len()) + zero
}

fn main() {
    let (x, config) = (Tensor::from_vec(vec![1.0f32, 2.0], (2,)), Config { layers: 2, act: Act::Relu });
    assert_eq!(tiled(&x).to_vec(), [3.0; 6]);
    assert_eq!(doubled(&x).to_vec(), [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(depth(&x, &config).to_vec(), [2.0, 4.0]);
    assert_eq!(plain(&x, &config).to_vec(), [3.0, 6.0]);
}
