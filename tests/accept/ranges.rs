// Bounds of ranges that are calls, blocks and expressions.
use thunder::prelude::*;
#[thunder]
struct Cfg {
    sizes: Vec<usize>,
    n: usize,
}
#[thunder]
impl Cfg {
    fn len(&self) -> usize {
        self.sizes.len()
    }
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut h = x.clone();
        for i in 0..self.sizes.len() {
            h = h + self.sizes[i] as f32;
        }
        for _ in 0..self.len() {
            h = h + 1.0;
        }
        for i in (0..self.n).rev() {
            h = h * (i + 1) as f32;
        }
        h
    }
}
#[thunder]
fn r1(x: &Tensor<f32, (N,)>, v: &[usize]) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for i in 0..v.len() {
        h = h + v[i] as f32;
    }
    h
}
#[thunder]
fn r2(x: &Tensor<f32, (N,)>, v: Vec<f32>) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for i in 1..=v.len() {
        h = h * v[i - 1];
    }
    for i in (v.len() - 1)..v.len() {
        h = h + v[i];
    }
    for i in ({
        let a = 0;
        a
    })..({ v.len() })
    {
        h = h + v[i];
    }
    for i in (0..v.len()).step_by(2) {
        h = h + v[i];
    }
    for i in v.iter().position(|a| *a > 1.0).unwrap_or(0)..v.len() {
        h = h + v[i];
    }
    h
}
#[thunder]
fn r3(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (_,)> {
    let a = x.slice((n.min(1)..N.min(3),));
    let b = x.slice((..(n),));
    let c = x.slice(({ n }..,));
    let d = if (0..n.pow(2)).contains(&3) { 1.0 } else { 0.0 };
    let e = match n {
        0..=1 => 1.0,
        2.. => 10.0,
    };
    let f: usize = (1..=n.max(2)).sum();
    a.sum(..).reshape((1,)) + b.sum(..) + c.sum(..) + d + e + f as f32
}
#[thunder]
fn r4(x: &Tensor<f32, (N,)>, b: usize) -> Tensor<f32, (N,)> {
    let w = [1.0f32, 2.0, 3.0, 4.0];
    let mut h = x.clone();
    for a in &w[b..w.len()] {
        h = h + *a;
    }
    for a in w[..w.len() / 2].iter() {
        h = h + *a;
    }
    let mut i = 0;
    while i < w.len() {
        h = h + w[i];
        i += 1;
    }
    loop {
        if i >= w.len().pow(2) {
            break;
        }
        i <<= 1;
        h = h + 1.0;
    }
    h
}
#[thunder]
fn r5(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    let mut h = x.clone();
    for _ in 0..x.rank() {
        h = h + 1.0;
    }
    for _ in 0..x.shape().1 {
        h = h + 1.0;
    }
    for i in (0..N).filter(|i| i % 2 == 0) {
        h = h + i as f32;
    }
    h
}
fn main() {
    let x = Tensor::<f32, _>::ones((3,));
    let c = Cfg { sizes: vec![1, 2], n: 2 };
    assert_eq!(c.run(&x).to_vec()[0], 12.0);
    assert_eq!(r1(&x, &[1, 2]).to_vec()[0], 4.0);
    assert_eq!(r2(&x, vec![1.0, 2.0]).to_vec()[0], 2.0 + 2.0 + 3.0 + 1.0 + 2.0);
    // a: 1..3 -> 2, b: 2, c: 1; d: 2^2=4 contains 3 -> 1; e: 10; f: 3
    assert_eq!(r3(&x, 2).to_vec(), [2.0 + 2.0 + 1.0 + 1.0 + 10.0 + 3.0]);
    // 1 + 9(b=1: 2+3+4) + 3 + 10 + (4->8->16: 2)
    assert_eq!(r4(&x, 1).to_vec()[0], 1.0 + 9.0 + 3.0 + 10.0 + 2.0);
    assert_eq!(r5(&Tensor::ones((3, 2))).to_vec()[0], 1.0 + 2.0 + 2.0 + 2.0);
}
