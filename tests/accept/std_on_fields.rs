//! Std's methods on fields, whose kinds only rustc knows; functions of traits; closures that assign, in loops.

use thunder::prelude::*;

#[thunder]
pub struct Net {
    pub w: Tensor<f32, (N,)>,
    pub sizes: Vec<usize>,
    pub rates: Vec<f32>,
    pub k: f32,
    pub n: usize,
    pub name: String,
}

#[thunder]
pub trait Layer {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)>;
    fn rate() -> f32;
}

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Layer for Scale {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        x * &self.w
    }

    fn rate() -> f32 {
        2.0
    }
}

#[thunder]
impl Net {
    fn pushed(&self) -> Tensor<f32, (N,)> {
        let mut v = self.sizes.clone();
        v.push(N);
        &self.w * v.len()
    }

    fn sorted(&self) -> Tensor<f32, (N,)> {
        let mut v = self.sizes.clone();
        v.sort();
        v.reverse();
        v.rotate_left(1);
        v.dedup();
        v.retain(|k| *k > 1);
        &self.w * v[0]
    }

    fn numbers(&self) -> Tensor<f32, (N,)> {
        let i = self.sizes.binary_search(&3).unwrap_or(0);
        let less = self.k.total_cmp(&10.0) == std::cmp::Ordering::Less;
        let k = self.k.hypot(4.0) + i as f32 + self.n.pow(2) as f32 + self.n.next_power_of_two() as f32;
        if less { &self.w * k } else { self.w.clone() }
    }

    fn by_closures(&self) -> Tensor<f32, (N,)> {
        let mut v = self.rates.clone();
        v.sort_by(|a, b| b.total_cmp(a));
        &self.w * v[0]
    }

    fn changed(&self) -> Tensor<f32, (N,)> {
        let mut v = self.sizes.clone();
        v.extend([1, 2]);
        v.insert(0, 5);
        v.swap(0, 1);
        v.truncate(3);
        v.pop();
        let (a, b) = self.sizes.split_at(1);
        &self.w * v.len() * (a.len() + 10 * b.len())
    }

    fn texts(&self) -> Tensor<f32, (N,)> {
        &self.w * self.name.to_uppercase().len() * self.name.split('a').count()
    }

    fn lists(&self) -> Tensor<f32, (N,)> {
        let most = self.sizes.iter().copied().max().unwrap();
        let all = self.sizes.iter().sum::<usize>();
        let last = self.sizes.iter().rev().collect::<Vec<_>>();
        let k = if self.sizes.contains(&2) { self.k.mul_add(2.0, 1.0) } else { 0.0 };
        &self.w * (most + all + *last[0]) * k
    }

    fn less(&self) -> Tensor<f32, (N,)> {
        &self.w * (self.n - 4) as f32 * self.n.pow(40) as f32
    }
}

#[thunder]
fn of_traits<T: Layer>(t: &T, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let s = Scale { w: x.clone() };
    s.forward(x) + t.forward(x) * T::rate() * <T as Layer>::rate() * <Scale as Layer>::rate() * Scale::rate()
}

// A closure that assigns to what it captures, called by name.
#[thunder]
fn closures(scales: &[Scale], x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    let mut step = |k: f32| {
        h = &h * k;
    };
    for i in 0..n {
        step(i as f32 + 1.0);
    }
    step(0.5);
    let mut k = 0;
    while k < 2 {
        step(2.0);
        k += 1;
    }
    scales.iter().for_each(|s| {
        h = s.forward(&h);
    });
    h
}

fn main() {
    let w = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    let net = Net { w, sizes: vec![3, 2, 7], rates: vec![1.0, 5.0], k: 3.0, n: 3, name: "aba".into() };
    assert_eq!(net.pushed().to_vec(), [4.0, 8.0]);
    assert_eq!(net.sorted().to_vec(), [3.0, 6.0]);
    // binary_search of [3, 2, 7] finds 3 nowhere but at the middle's left.
    assert_eq!(net.numbers().to_vec()[0], 5.0 + net.sizes.binary_search(&3).unwrap_or(0) as f32 + 9.0 + 4.0);
    assert_eq!(net.by_closures().to_vec(), [5.0, 10.0]);
    assert_eq!(net.changed().to_vec(), [42.0, 84.0]);
    assert_eq!(net.texts().to_vec(), [9.0, 18.0]);
    assert_eq!(net.lists().to_vec(), [(7.0 + 12.0 + 7.0) * 7.0, (7.0 + 12.0 + 7.0) * 14.0]);
    let refused = thunder::call(|| net.less()).err().unwrap().to_string();
    assert!(refused.contains("attempt to subtract with overflow"), "{refused}");
    let large = Net { n: 5, ..net.clone() };
    let refused = thunder::call(|| large.less()).err().unwrap().to_string();
    assert!(refused.contains("attempt to multiply with overflow"), "{refused}");
    let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    let s = Scale { w: Tensor::ones((2,)) };
    assert_eq!(of_traits(&s, &x).to_vec(), [1.0 + 16.0, 4.0 + 32.0]);
    let twice = Scale { w: Tensor::full(2.0, (2,)) };
    assert_eq!(closures(&[s, twice], &x, 3).to_vec(), [6.0 * 0.5 * 4.0 * 2.0, 2.0 * 6.0 * 0.5 * 4.0 * 2.0]);
    assert_eq!(closures(&[], &x, 0).to_vec(), [2.0, 4.0]);
}
