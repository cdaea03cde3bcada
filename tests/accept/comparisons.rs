// Comparisons of static values of every kind, where only rustc knows that they are no tensors.
use thunder::prelude::*;
#[thunder]
#[derive(Debug, PartialEq, Copy)]
enum Act {
    A,
    B,
    C(usize),
}
#[thunder]
struct M {
    acts: Vec<Act>,
    act: Act,
    pair: (usize, f32),
    arr: [usize; 3],
    name: String,
    skip: Option<usize>,
    oact: Option<Act>,
    sizes: Vec<usize>,
    w: Tensor<f32, (N,)>,
}
#[thunder]
impl M {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut h = x * &self.w;
        if self.acts.contains(&Act::A) {
            h = h + 1.0;
        }
        if self.act == Act::C(2) {
            h = h + 10.0;
        }
        if self.pair == (1, 2.0) {
            h = h + 100.0;
        }
        if self.arr == [1, 2, 3] {
            h = h + 1000.0;
        }
        if self.arr[0] == 1 && self.arr[1] != self.pair.0 {
            h = h + 10000.0;
        }
        h
    }
    fn run2(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut h = x.clone();
        if self.name == "ab" {
            h = h + 1.0;
        }
        if &self.name == "ab" {
            h = h + 10.0;
        }
        if self.name != String::from("x") {
            h = h + 100.0;
        }
        if self.oact == Some(Act::B) {
            h = h + 1000.0;
        }
        if self.sizes == [1, 2] {
            h = h + 10000.0;
        }
        if self.sizes == vec![1, 2] {
            h = h + 10000.0;
        }
        if self.acts == [Act::A, Act::B] {
            h = h + 10000.0;
        }
        if self.skip < Some(5) {
            h = h + 0.5;
        }
        if self.sizes.len() == self.acts.len() {
            h = h + 0.25;
        }
        if self.pair.0 == self.arr[0] {
            h = h + 0.125;
        }
        if self.acts[0] == self.act {
            h = h + 5.0;
        }
        if self.act.eq(&Act::C(2)) {
            h = h + 0.0;
        }
        if self.acts.iter().any(|a| *a == Act::B) {
            h = h + 2.0;
        }
        if self.acts.first() == Some(&Act::A) {
            h = h + 2.0;
        }
        if self.name.as_str() == "ab" {
            h = h + 3.0;
        }
        if x.shape() == (2,) {
            h = h + 4.0;
        }
        if x.shape() == self.w.shape() {
            h = h + 4.0;
        }
        h
    }
}
#[thunder]
fn params(
    x: &Tensor<f32, (N,)>,
    a: Act,
    o: Option<usize>,
    s: &str,
    t: (usize, usize),
    v: &[Act],
) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    if a == Act::A {
        h = h + 1.0;
    }
    if o == Some(N) {
        h = h + 10.0;
    }
    if s == "a" || s.starts_with('b') {
        h = h + 100.0;
    }
    if t == (1, N) {
        h = h + 1000.0;
    }
    if v.contains(&Act::C(3)) {
        h = h + 10000.0;
    }
    if t < (2, 0) {
        h = h + 0.5;
    }
    if matches!(a, Act::A | Act::B if N > 1) {
        h = h + 0.25;
    }
    if matches!((a, o), (Act::A, Some(n)) if n == N) {
        h = h + 0.125;
    }
    h
}
fn main() {
    let x = Tensor::<f32, _>::zeros((2,));
    let m = M {
        acts: vec![Act::A, Act::B],
        act: Act::C(2),
        pair: (1, 2.0),
        arr: [1, 2, 3],
        name: "ab".into(),
        skip: Some(1),
        oact: Some(Act::B),
        sizes: vec![1, 2],
        w: Tensor::ones((2,)),
    };
    assert_eq!(m.run(&x).to_vec()[0], 11111.0);
    assert_eq!(m.run2(&x).to_vec()[0], 1111.0 + 30000.0 + 0.875 + 2.0 + 2.0 + 3.0 + 8.0);
    assert_eq!(params(&x, Act::A, Some(2), "bx", (1, 2), &[Act::C(3)]).to_vec()[0], 11111.0 + 0.875);
}
