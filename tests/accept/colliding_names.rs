// Traced methods whose names std's types have too.
use thunder::prelude::*;
#[thunder]
struct Bag {
    ws: Vec<Tensor<f32, (N,)>>,
    k: usize,
}
#[thunder]
impl Bag {
    fn len(&self) -> usize {
        self.ws.len() + 100
    }
    fn is_empty(&self) -> bool {
        false
    }
    fn get(&self, i: usize) -> Tensor<f32, (N,)> {
        &self.ws[i] * 2.0
    }
    fn first(&self) -> Tensor<f32, (N,)> {
        self.ws[0].clone()
    }
    fn sum(&self) -> Tensor<f32, (N,)> {
        let mut s = zeros::<f32, _>((N,));
        for w in &self.ws {
            s = s + w;
        }
        s
    }
    fn max(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x.maximum(&self.ws[0])
    }
    fn map(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * 3.0
    }
    fn scale(&self) -> f32 {
        2.0
    }
    fn contains(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x + 1.0
    }
    fn last(&self) -> usize {
        9
    }
    fn iter(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * 2.0
    }
    fn count(&self) -> usize {
        5
    }
    fn exp(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * 2.0
    }
    fn min(&self) -> f32 {
        0.25
    }
    fn apply(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let n = self.len();
        let y = self.get(0) + self.first() + self.sum();
        let y = self.max(&y);
        let y = self.map(&y) * self.scale();
        self.contains(&y) + n as f32 + x + self.last() as f32 + self.min()
    }
}
#[thunder]
struct Outer {
    bag: Bag,
}
#[thunder]
impl Outer {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let n = self.bag.len();
        let y = Bag::get(&self.bag, 0) + Bag::first(&self.bag) + self.bag.sum();
        let y = Bag::max(&self.bag, &y);
        let y = self.bag.map(&y) * self.bag.scale();
        let y = self.bag.contains(&y) + n as f32 + x + Bag::last(&self.bag) as f32 + Bag::min(&self.bag);
        let mut y = y;
        for _ in 0..self.bag.count() {
            y = y + 1.0;
        }
        if self.bag.is_empty() { y + 1000.0 } else { y }
    }
    fn run2(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        Bag::iter(&self.bag, &self.bag.exp(x))
    }
}
#[thunder]
fn f(m: &Bag, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for i in 0..m.len() {
        if i > 1 {
            break;
        }
        h = h + Bag::get(m, i);
    }
    h + m.count() as f32
}
fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    let bag = Bag { ws: vec![x.clone(), x.clone()], k: 1 };
    // get 2, first 1, sum 2 =5; max 5; map 15*2=30; contains 31; +102 +1 +9 + .25
    assert_eq!(bag.apply(&x).to_vec()[0], 143.25);

    assert_eq!(f(&bag, &x).to_vec()[0], 10.0);
    let o = Outer { bag };
    assert_eq!(o.run(&x).to_vec()[0], 148.25);
    assert_eq!(o.run2(&x).to_vec()[0], 4.0);
}
