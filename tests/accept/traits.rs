// Traits of the language: required and default methods, over element types, with constants, constructors and closures.
use thunder::prelude::*;

// A trait of modules need not say that it is one.
#[thunder]
pub trait Layer<E: Float> {
    const NAME: &'static str;

    fn new(width: usize) -> Self;

    fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)>;

    /// `forward`, `n` times.
    fn repeated(&self, x: &Tensor<E, (B, C)>, n: usize) -> Tensor<E, (B, C)> {
        let mut h = x.clone();
        for _ in 0..n {
            h = self.forward(&h);
        }
        h
    }

    fn residual(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let (rows, _) = x.shape();
        self.around(x, |h| self.forward(h)) * rows / B
    }

    fn around(
        &self,
        x: &Tensor<E, (B, C)>,
        f: impl Fn(&Tensor<E, (B, C)>) -> Tensor<E, (B, C)>,
    ) -> Tensor<E, (B, C)> {
        f(x) + x
    }

    fn loss(&self, x: &Tensor<E, (B, C)>) -> Scalar<E> {
        self.residual(x).sum(..)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

#[thunder]
pub struct Scale<E: Float> {
    pub w: Tensor<E, (C,)>,
}

#[thunder]
impl<E: Float> Layer<E> for Scale<E> {
    const NAME: &'static str = "scale";

    fn new(width: usize) -> Self {
        Scale { w: full((width,), 2.0) }
    }

    fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        x * &self.w
    }
}

#[thunder]
#[derive(Debug)]
pub enum Act {
    Relu,
    Leaky { slope: f32 },
}

#[thunder]
impl<E: Float> Layer<E> for Act {
    const NAME: &'static str = "act";

    fn new(width: usize) -> Self {
        if width > 8 { Act::Relu } else { Act::Leaky { slope: 0.5 } }
    }

    fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        match self {
            Act::Relu => x.relu(),
            Act::Leaky { slope } => select(x > 0.0, x, x * *slope),
        }
    }

    // Another than the default.
    fn residual(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.forward(x)
    }

    fn is_linear(&self) -> bool {
        false
    }
}

#[thunder]
pub struct Sequential<A: Layer<f32>, B: Layer<f32>> {
    pub first: A,
    pub second: Vec<B>,
}

#[thunder]
impl<A: Layer<f32>, B: Layer<f32>> Layer<f32> for Sequential<A, B> {
    const NAME: &'static str = "sequential";

    fn new(width: usize) -> Self {
        Sequential { first: A::new(width), second: vec![B::new(width), B::new(width)] }
    }

    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.second.iter().fold(self.first.residual(x), |h, layer| layer.forward(&h))
    }

    fn is_linear(&self) -> bool {
        self.first.is_linear() && self.second.iter().all(|s| s.is_linear())
    }
}

#[thunder]
fn run<E: Float, L: Layer<E>>(layer: &L, x: &Tensor<E, (B, C)>) -> (Tensor<E, (B, C)>, Scalar<E>) {
    assert!(!L::NAME.is_empty());
    let y = Layer::repeated(layer, x, 2);
    let z = if layer.is_linear() { y * 10.0 } else { y };
    (z, layer.loss(x))
}

#[thunder]
fn train(layer: impl Layer<f32>, x: &Tensor<f32, (B, C)>) -> Scalar<f32> {
    let (_, grads) = value_and_grad(&layer, |m| m.loss(x));
    grads.loss(x)
}

#[thunder]
fn made(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    let layer: Scale<f32> = Layer::new(C);
    layer.residual(x)
}

fn main() {
    let x = Tensor::<f32, _>::from_vec(vec![1.0, -1.0], (1, 2));
    let scale: Scale<f32> = Layer::new(2);
    let (y, loss) = run(&scale, &x);
    assert_eq!(y.to_vec(), vec![40.0, -40.0]);
    assert_eq!(loss.item(), 0.0);
    let (y, loss) = run(&Act::Leaky { slope: 0.5 }, &x);
    assert_eq!(y.to_vec(), vec![1.0, -0.25]);
    assert_eq!(loss.item(), 0.5);
    let both: Sequential<Scale<f32>, Act> = Layer::new(2);
    assert_eq!(both.forward(&x).to_vec(), vec![3.0, -0.75]);
    assert!(!both.is_linear());
    let (y, _) = run(&both, &x);
    assert_eq!(y.to_vec(), vec![9.0, -0.5625]);
    // The gradient is x, so that its own loss is the sum of x * x + x.
    assert_eq!(train(scale.clone(), &x).item(), 2.0);
    assert_eq!(made(&x).to_vec(), vec![3.0, -3.0]);
    assert_eq!(scale.repeated(&x, 3).to_vec(), vec![8.0, -8.0]);
    assert_eq!(scale.residual(&Tensor::ones((3, 2))).to_vec(), vec![3.0; 6]);
}
