// A name in a closure parameter's annotation asserts what is known, and binds what is not, at each call anew.
use thunder::prelude::*;

#[thunder]
fn annotated(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, C)> {
    let scaled = |t: Tensor<f32, (B, W)>| t * (W as f32);
    scaled(x.mean(1))
}

// Each call has its own `W`, and the annotations inside see that one.
#[thunder]
fn each(x: &Tensor<f32, (B, T, C)>) -> (Tensor<f32, (B, C)>, Tensor<f32, (B, T)>) {
    let scaled = |t: &Tensor<f32, (B, W)>| {
        let twice: Tensor<f32, (B, W)> = t * 2.0;
        let sum: Tensor<f32, (W,)> = twice.sum(0);
        sum * W + t
    };
    (scaled(&x.sum(1)), scaled(&x.sum(2)))
}

#[thunder]
fn apply(
    x: &Tensor<f32, (B, C)>,
    f: impl Fn(&Tensor<f32, (B, C)>) -> Tensor<f32, (B, K)>,
) -> Tensor<f32, (B, K)> {
    f(x) * 2.0
}

// What another item gives has no extents until then; `C` is asserted.
#[thunder]
fn given(x: &Tensor<f32, (B, C)>, w: &Tensor<f32, (C, F)>) -> Tensor<f32, (B, F)> {
    apply(x, |t: &Tensor<f32, (N, C)>| t.matmul(w) * N * C)
}

#[thunder]
pub struct Layers {
    pub ws: Vec<Tensor<f32, (_, C)>>,
    pub pair: (Tensor<f32, (C,)>, usize),
}

#[thunder]
impl Layers {
    // The rows of each differ.
    pub fn rows(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let mean = |w: &Tensor<f32, (R, C)>| w.sum(0) / R;
        let mut h = x.clone();
        for w in &self.ws {
            h = h + mean(w);
        }
        let scaled = |(t, n): (Tensor<f32, (C,)>, usize)| t * n;
        h + scaled(self.pair.clone())
    }

    pub fn square(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let square = |w: &Tensor<f32, (N, N)>| w.sum(..) * N;
        x * square(&self.ws[0])
    }
}

fn main() {
    let x = Tensor::ones((2, 3, 4));
    assert_eq!(annotated(&x).to_vec(), vec![4.0; 8]);
    let (a, b) = each(&x);
    assert_eq!(a.to_vec(), vec![3.0 * 2.0 * 2.0 * 4.0 + 3.0; 8]);
    assert_eq!(b.to_vec(), vec![4.0 * 2.0 * 2.0 * 3.0 + 4.0; 6]);
    let y = given(&Tensor::ones((2, 3)), &Tensor::ones((3, 5)));
    assert_eq!(y.to_vec(), vec![3.0 * 2.0 * 3.0 * 2.0; 10]);
    let ws = vec![Tensor::ones((2, 2)), Tensor::ones((3, 2))];
    let layers = Layers { ws, pair: (Tensor::ones((2,)), 5) };
    assert_eq!(layers.rows(&Tensor::ones((2,))).to_vec(), vec![8.0; 2]);
    assert_eq!(layers.square(&Tensor::ones((2,))).to_vec(), vec![8.0; 2]);
    let wrong = Layers { ws: vec![Tensor::ones((3, 2))], ..layers };
    let error = thunder::call(|| wrong.square(&Tensor::ones((2,)))).unwrap_err().to_string();
    assert!(error.contains("(N, N)"), "{error}");
}
