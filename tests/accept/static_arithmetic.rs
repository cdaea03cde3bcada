//! Static values in bodies: arithmetic as Rust has it, conversions, comparisons, and what overflows in every profile.

use std::str::FromStr;
use thunder::prelude::*;

const K: usize = 3;

#[thunder]
#[derive(Debug, Default, PartialEq, PartialOrd)]
pub struct Config {
    pub layers: usize,
    pub rates: Vec<f32>,
    pub mode: Mode,
}

#[thunder]
#[derive(Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    #[default]
    Plain,
    Double,
}

/// A type whose traits of std's are traced: their `impl`s are.
#[thunder]
#[derive(Debug)]
pub struct Rate {
    pub k: f32,
}

#[thunder]
impl Default for Rate {
    fn default() -> Self {
        Rate { k: 2.0 }
    }
}

#[thunder]
impl From<usize> for Rate {
    fn from(n: usize) -> Self {
        Rate { k: n as f32 }
    }
}

#[thunder]
impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        if self.k > 0.0 { self.k == other.k } else { other.k <= 0.0 }
    }
}

#[thunder]
impl std::ops::Add for Rate {
    type Output = Rate;

    fn add(self, other: Rate) -> Rate {
        Rate { k: self.k + other.k }
    }
}

#[thunder]
fn shrunk(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * (N - 4) as f32
}

#[thunder]
fn shifted(x: &Tensor<f32, (N,)>, by: usize) -> Tensor<f32, (N,)> {
    let mut n = 1usize;
    n <<= by;
    n += 1;
    let m = N << 1 | 1 << 2;
    x * (n - 1 + m) as f32
}

#[thunder]
fn lost(x: &Tensor<f32, (N,)>, k: i32, u: u8) -> Tensor<f32, (N,)> {
    let small = k.abs() + -k;
    x * small as f32 * (u * 2) as f32
}

#[thunder]
fn summed(x: &Tensor<f32, (N,)>, sizes: &[u8]) -> Tensor<f32, (N,)> {
    let all: u8 = sizes.iter().sum();
    x * all as f32
}

#[thunder]
fn powered(x: &Tensor<f32, (N,)>, n: u32) -> Tensor<f32, (N,)> {
    x * 10i32.pow(n) as f32
}

#[thunder]
impl Config {
    fn minus(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * (self.layers - 2) as f32
    }

    fn in_a_closure(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let less = |n: usize| n - self.layers;
        x * [7, 8].map(less)[0] as f32
    }
}

#[thunder]
fn sliced(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (_,)> {
    x.slice((n - 2..,))
}

#[thunder]
fn inferred(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let list = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    let i = 2 * K;
    let j = 1 + 2 * 2 - 3;
    let half: u8 = 255 - 5 * 50;
    let grid = [vec![0usize; 2 * K], vec![N - 2, N - 1]];
    assert!(grid[1][N - 2] == 2 && grid[0][0] == 0 && (*grid[1].iter().max().unwrap()) == grid[1][1]);
    let big = 1i64 << 40;
    let mut total = 0;
    for k in 0..i - 1 {
        total += k;
        total -= k / 2;
    }
    let order = K.cmp(&2) == std::cmp::Ordering::Greater && N >= 1 && (i == 6 || j != 2);
    let text = String::from("a") + "b";
    let chosen = if order && text == "ab" { list[i - j] } else { 0.0 };
    x * chosen + total + half as f32 + grid[0].len() as f32 + (big >> 40) as f32
}

#[thunder]
fn reached(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
    let base = Config { layers: 4, ..Default::default() };
    let more = Config { rates: vec![1.0], ..Config::default() };
    let none: Option<Config> = None;
    let other = none.unwrap_or_default();
    assert!(other == Config::default() && base != more && *config > other);
    let modes = [Mode::Double, Mode::Plain];
    let most = modes.iter().max().copied().unwrap_or_default();
    let mut sorted = modes.to_vec();
    sorted.sort();
    let wide: f64 = 1.5f32.into();
    let n: usize = "3".parse().unwrap();
    let m = u8::try_from(n).unwrap();
    let doubled: Vec<usize> = (0..n).map(|k| k * 2).collect();
    let sum: usize = doubled.iter().sum();
    let product = doubled.iter().skip(1).product::<usize>();
    let same = f32::from_str("2").unwrap() == 2.0 && sorted[0] == Mode::Plain && modes.contains(&Mode::Double);
    let k = if same && most == Mode::Double { 1.0 } else { 0.0 };
    let boxed = Box::new(n);
    x * (*boxed + m as usize + sum + product) as f32 * k + wide as f32 + base.layers as f32
}

#[thunder]
fn traced(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a: Rate = Default::default();
    let b: Rate = 3.into();
    let c = a.clone() + b;
    let same = a == Rate { k: 2.0 };
    let d = Rate::from(N);
    let e = Rate::default();
    if same && d.k == 3.0 && e.k == 2.0 { x * c.k } else { x.clone() }
}

fn refused<T>(result: Result<T, impl std::fmt::Display>, what: &str) {
    let text = result.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains(what), "{text:?} has no {what:?}");
}

fn main() {
    let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0], (3,));
    let y = Tensor::from_vec(vec![1.0f32; 5], (5,));
    refused(shrunk::call(&x), "attempt to subtract with overflow");
    assert_eq!(shrunk(&y).to_vec(), [1.0; 5]);
    assert_eq!(shifted(&x, 3).to_vec()[0], 14.0);
    refused(shifted::call(&x, 64), "attempt to shift left with overflow");
    assert_eq!(lost(&x, -3, 2).to_vec()[0], 24.0);
    refused(lost::call(&x, i32::MIN, 2), "attempt to negate with overflow");
    refused(lost::call(&x, 1, 200), "attempt to multiply with overflow");
    refused(summed::call(&x, &[200, 100]), "attempt to add with overflow");
    assert_eq!(summed(&x, &[1, 2]).to_vec(), [3.0, 6.0, 9.0]);
    refused(powered::call(&x, 12), "attempt to multiply with overflow");
    assert_eq!(powered(&x, 1).to_vec()[0], 10.0);
    let one = Config { layers: 1, ..Config::default() };
    refused(thunder::call(|| one.minus(&x)), "attempt to subtract with overflow");
    refused(thunder::call(|| Config { layers: 8, ..Config::default() }.in_a_closure(&x)), "attempt to subtract with overflow");
    assert_eq!(one.in_a_closure(&x).to_vec()[0], 6.0);
    refused(sliced::call(&x, 1), "attempt to subtract with overflow");
    assert_eq!(sliced(&x, 3).to_vec(), [2.0, 3.0]);
    assert_eq!(inferred(&x).to_vec()[0], 5.0 + 6.0 + 5.0 + 6.0 + 1.0);
    let two = Config { layers: 2, ..Config::default() };
    assert_eq!(reached(&x, &two).to_vec()[0], 3.0 + 3.0 + 6.0 + 8.0 + 1.5 + 4.0);
    assert_eq!(traced(&x).to_vec()[0], 5.0);
}
