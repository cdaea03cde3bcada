// One of each: what the language takes that is easily forgotten.
use thunder::prelude::*;

mod settings {
    pub const RATE: f32 = 2.0;
}

#[allow(non_upper_case_globals)]
const gain: f32 = 3.0;

#[thunder]
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Plain,
    Double,
}

#[thunder]
impl Mode {
    fn factor(&self) -> f32 {
        if *self == Mode::Double { 2.0 } else { 1.0 }
    }

    fn default_factor() -> f32 {
        1.0
    }
}

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub mode: Mode,
    pub sizes: Vec<usize>,
}

#[thunder]
impl Layer {
    fn new(w: Tensor<f32, (N,)>, mode: Mode) -> Self {
        Self { w, mode, sizes: vec![1, 2] }
    }

    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * &self.w * self.mode.factor()
    }

    // Nothing is certain of the fields but what rustc says: numbers all of them.
    fn numbers(&self) -> Tensor<f32, (N,)> {
        let first = self.sizes[self.mode as usize];
        let mut y = self.w.clone();
        for _ in 0..self.sizes[0] {
            y = y + first as f32;
        }
        if self.sizes[1] > 1 && self.mode.factor() < 3.0 { y } else { -y }
    }
}

#[thunder]
fn made(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mode = if N > 3 { Mode::Plain } else { Mode::Double };
    let layer = Layer::new(x.clone(), mode);
    layer.forward(x) * mode.factor() * Mode::default_factor()
}

#[thunder]
fn constants(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * settings::RATE * gain
}

#[thunder]
fn const_generic<const M: usize>(x: &Tensor<f32, (N, M)>) -> Tensor<f32, (N,)> {
    x.sum(1) * M
}

#[thunder]
fn labels(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    let mut y = x.clone();
    'outer: for i in 0..n {
        for j in 0..n {
            if j == 2 {
                continue 'outer;
            }
            if i == 2 {
                break 'outer;
            }
            y = y + 1.0;
        }
    }
    let mut k = 0;
    let last = loop {
        k += 1;
        if k > n {
            break k * 2;
        }
    };
    y * last
}

#[thunder]
fn skipped(xs: &[Tensor<f32, (N,)>]) -> Tensor<f32, (N,)> {
    let mut sum = xs[0].clone();
    for (i, x) in xs.iter().enumerate().skip(1) {
        sum = sum + x * i;
    }
    for x in xs.iter().rev() {
        sum = 2.0 - x * 2.0 + sum;
    }
    sum * xs.iter().count()
}

#[thunder]
fn printed(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    thunder::debug_print(x);
    thunder::debug_print("twice", &(x * 2.0));
    let _uncalled = |t: &Tensor<f32, (N,)>| t * 2.0 + 1.0;
    x.clone()
}

// A gradient an example.
#[thunder]
fn per_example(layer: &Layer, xs: &Tensor<f32, (B, N)>) -> thunder::Stacked<Layer> {
    vmap(xs, |x| grad(layer, |layer| layer.forward(x).sum(..)))
}

#[thunder]
fn of_std(x: &Tensor<f32, (N,)>, s: &str, v: Vec<usize>, o: Option<f32>, a: f32, i: i32) -> Tensor<f32, (N,)> {
    let n = s.trim().to_lowercase().len() + s.split(',').count() + s.find('a').unwrap_or(0);
    let m = v.iter().sum::<usize>() + v.first().copied().unwrap_or_default() + usize::from(v.contains(&3));
    let k = o.map(|t| t * 2.0).unwrap_or(1.0) + o.map_or(0.0, f32::abs) + o.unwrap_or_default();
    let q = a.powi(2).sqrt().exp().ln().clamp(0.0, 1.0).max(0.5).round() + a.mul_add(1.0, 0.0);
    let p = i.pow(2).rem_euclid(3).wrapping_add(1).saturating_sub(1).abs() + i.checked_add(1).unwrap();
    let w = v.windows(2).map(|p| p[1] - p[0]).max().unwrap_or(0) + v.chunks(2).count() + N.div_ceil(2);
    let mut sorted = v.clone();
    sorted.sort();
    sorted.push(1);
    sorted.dedup();
    let most = v.iter().map(|n| *n as f32).fold(f32::NEG_INFINITY, f32::max);
    x * (n + m + w + sorted.len()) + k + q + p as f32 + most
}

fn main() {
    let one = Tensor::<f32, _>::ones((2,));
    let layer = Layer { w: Tensor::full(3.0, (2,)), mode: Mode::Double, sizes: vec![1, 2] };
    assert_eq!(layer.forward(&one).to_vec(), vec![6.0; 2]);
    assert_eq!(layer.numbers().to_vec(), vec![5.0; 2]);
    assert_eq!(made(&one).to_vec(), vec![4.0; 2]);
    assert_eq!(constants(&one).to_vec(), vec![6.0; 2]);
    assert_eq!(const_generic::<3>(&Tensor::ones((2, 3))).to_vec(), vec![9.0; 2]);
    assert_eq!(labels(&one, 5).to_vec(), vec![60.0; 2]);
    assert_eq!(skipped(&[one.clone(), one.clone()]).to_vec(), vec![4.0; 2]);
    assert_eq!(printed(&one).to_vec(), vec![1.0; 2]);
    let all = per_example(&layer, &Tensor::full(2.0, (3, 2))).into_module();
    assert_eq!(all.w.to_vec(), vec![4.0; 6]);
    of_std(&one, "a,b", vec![1, 2, 3], Some(1.0), 1.0, 3);
}
