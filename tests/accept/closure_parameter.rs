// Items that take closures: functions and methods, by `impl Fn` and by a named generic, given on, in loops, in
// transforms, over modules, numbers and tuples.
use thunder::prelude::*;

type Vector = Tensor<f32, (usize,)>;

#[thunder]
fn apply(x: &Tensor<f32, (C,)>, f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    f(&f(x))
}

#[thunder]
fn twice(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    apply(x, |t| t * 3.0)
}

// Given on, by reference and inside another closure, which captures.
#[thunder]
fn thrice<F>(x: &Tensor<f32, (C,)>, f: F) -> Tensor<f32, (C,)>
where
    F: Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>,
{
    let shift = x.mean(..);
    apply(&apply(x, &f), |t| f(&(t + &shift)) - &shift)
}

#[thunder]
fn nested(x: &Tensor<f32, (C,)>, w: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    thrice(x, |t| apply(t, |u| u * w))
}

// The closure's own dimension is solved by what it gives.
#[thunder]
fn pooled<E: Float, F: Fn(&Tensor<E, (B, C)>) -> Tensor<E, (B, K)>>(
    x: &Tensor<E, (B, C)>,
    f: &F,
) -> Tensor<E, (K,)> {
    let y = f(x);
    let z = f(&(x * 2.0));
    (y + z).sum(0)
}

#[thunder]
fn project(x: &Tensor<f32, (B, C)>, w: &Tensor<f32, (C, K)>) -> Tensor<f32, (K,)> {
    pooled(x, &|t| t.matmul(w))
}

#[thunder]
fn slope(x: &Tensor<f32, (C,)>, f: impl Fn(&Tensor<f32, (C,)>) -> Scalar<f32>) -> Tensor<f32, (C,)> {
    grad(x, f)
}

#[thunder]
fn slopes(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    slope(x, |x| x.square().sum(..)) + slope(x, |x| (x * 3.0).sum(..))
}

// A schedule: numbers in, numbers out, and tensors beside them.
#[thunder]
fn decayed(
    start: &Tensor<f32, (C,)>,
    xs: &[Tensor<f32, (C,)>],
    rate: impl Fn(usize) -> f32,
    join: impl Fn(Tensor<f32, (C,)>, &Tensor<f32, (C,)>, f32) -> (Tensor<f32, (C,)>, usize),
) -> Tensor<f32, (C,)> {
    let mut sum = start.clone();
    let mut steps = 0;
    for (i, x) in xs.iter().enumerate() {
        let (next, n) = join(sum, x, rate(i));
        sum = next;
        steps = steps + n;
    }
    if steps > 2 { sum * 10.0 } else { sum }
}

#[thunder]
fn halves(xs: &[Tensor<f32, (Dim<2>,)>]) -> Tensor<f32, (Dim<2>,)> {
    decayed(&zeros((2,)), xs, |i| 0.5f32.powi(i as i32), |sum, x, k| (sum + x * k, 1))
}

#[thunder]
pub struct Block {
    pub w: Tensor<f32, (C,)>,
    pub layers: Vec<Tensor<f32, (C,)>>,
}

#[thunder]
impl Block {
    pub fn around(
        &self,
        x: &Tensor<f32, (B, C)>,
        f: impl Fn(&Block, &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>,
    ) -> Tensor<f32, (B, C)> {
        let mut h = x * &self.w;
        for w in &self.layers {
            h = f(self, &h) * w;
        }
        h
    }

    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.around(x, |block, h| h + &block.w)
    }

    pub fn chosen(&self, x: &Tensor<f32, (B, C)>, gate: bool) -> Tensor<f32, (B, C)> {
        self.around(x, |_, h| if gate { h.relu() } else { h * 0.0 })
    }
}

fn main() {
    let x: Vector = Tensor::ones((2,));
    assert_eq!(twice(&x).to_vec(), vec![9.0; 2]);
    assert_eq!(nested(&x, &Tensor::full(2.0, (2,))).to_vec(), vec![by_hand(); 2]);
    let m = Tensor::<f32, _>::ones((3, 2));
    assert_eq!(project(&m, &Tensor::ones((2, 4))).to_vec(), vec![18.0; 4]);
    assert_eq!(slopes(&x).to_vec(), vec![5.0; 2]);
    let xs: Vec<Vector> = vec![x.clone(), x.clone(), x.clone()];
    assert_eq!(halves(&xs).to_vec(), vec![17.5; 2]);
    assert_eq!(halves(&xs[..2]).to_vec(), vec![1.5; 2]);
    let block = Block { w: Tensor::full(2.0, (2,)), layers: vec![Tensor::full(3.0, (2,)); 2] };
    assert_eq!(block.forward(&m).to_vec(), vec![42.0; 6]);
    assert_eq!(block.chosen(&m, true).to_vec(), vec![18.0; 6]);
    assert_eq!(block.chosen(&m, false).to_vec(), vec![0.0; 6]);
    // A closure has no key: on the host there is nothing to call.
    let error = thunder::call(|| apply(&x, |t| t.clone())).unwrap_err().to_string();
    assert!(error.contains("`apply` takes a closure"), "{error}");
}

/// `nested` of ones by a weight of 2.
fn by_hand() -> f32 {
    let f = |t: f32| t * 2.0 * 2.0;
    let g = |t: f32| f(t + 1.0) - 1.0;
    g(g(f(f(1.0))))
}
