// Extents that follow from one item to the next, wherever a module stands.
use thunder::prelude::*;

mod layers {
    use thunder::prelude::*;

    #[thunder]
    pub struct Dense<E: Float> {
        pub w: Tensor<E, (Out, In)>,
        pub b: Option<Tensor<E, (Out,)>>,
    }

    #[thunder]
    impl<E: Float> Dense<E> {
        pub fn forward<S: Shape>(&self, x: &Tensor<E, (S, In)>) -> Tensor<E, (S, Out)> {
            let y = x.linear(&self.w, None);
            match &self.b {
                Some(b) => y + b,
                None => y,
            }
        }
    }
}

use layers::Dense;

#[thunder]
pub enum Way {
    Through { dense: Dense<f32> },
    Twice(Dense<f32>, Dense<f32>),
    Around,
}

#[thunder]
pub struct Block<E: Float> {
    up: Dense<E, Out = F, In = C>,
    down: Dense<E, Out = C, In = F>,
    gate: Option<Dense<E, Out = C, In = C>>,
}

#[thunder]
impl<E: Float> Block<E> {
    fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let h = self.up.forward(x).relu();
        let y = self.down.forward(&h);
        if let Some(gate) = &self.gate {
            return y * gate.forward(x).sigmoid();
        }
        x + y
    }

    fn both(&self, x: &Tensor<E, (B, C)>) -> (Tensor<E, (B, C)>, Tensor<E, (B,)>) {
        let y = self.forward(x);
        let s = y.sum(-1);
        (y, s)
    }
}

#[thunder]
pub struct Wrapper(Block<f32>);

#[thunder]
pub struct Net {
    blocks: Vec<Block<f32, C = C>>,
    pair: [Block<f32, C = C>; 2],
    more: Option<Vec<Block<f32, C = C>>>,
    boxed: Box<Block<f32, C = C>>,
    wrapped: Wrapper,
    way: Way,
    weights: Vec<Tensor<f32, (C,)>>,
    head: Dense<f32, Out = V, In = C>,
    width: Dim<C>,
    scale: f32,
}

#[thunder]
impl Net {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, V)> {
        let mut h = x.clone();
        for block in &self.blocks {
            h = block.forward(&h);
        }
        for block in self.pair.iter() {
            let (y, s) = block.both(&h);
            h = y * s.unsqueeze(-1);
        }
        if let Some(more) = &self.more {
            for (i, block) in more.iter().enumerate() {
                if i > 0 {
                    h = block.forward(&h) * self.scale;
                }
            }
        }
        let h = self.boxed.forward(&h);
        let h = self.blocks[0].up.forward(&h).slice((.., ..self.width));
        let h = self.wrapped.0.forward(&h);
        let h = match &self.way {
            Way::Through { dense } => dense.forward(&h),
            Way::Twice(a, b) => b.forward(&a.forward(&h)),
            Way::Around => h,
        };
        let all = cat(&self.weights, 0);
        let h: Tensor<f32, (B, W)> = h * all.mean(0);
        self.head.forward(&h.reshape((B, W)))
    }
}

#[thunder]
fn loss(net: &Net, x: &Tensor<f32, (B, C)>) -> Scalar<f32> {
    net.forward(x).square().mean(..)
}

#[thunder]
fn step(net: Net, x: &Tensor<f32, (B, C)>) -> (Scalar<f32>, Net) {
    let (value, grads) = value_and_grad(&net, |net| loss(net, x) + net.forward(x).sum(..));
    let other = grad(&net, |n| loss(n, x));
    (value + other.head.w.sum(..), grads)
}

#[thunder]
fn first<E: Float>(blocks: &[Block<E>], x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
    let mut h = x.clone();
    for b in blocks {
        h = b.forward(&h);
    }
    h
}

#[thunder]
fn leading<S: Shape>(d: &Dense<f32>, x: &Tensor<f32, (S, C)>) -> Tensor<f32, (S, _)> {
    d.forward(x)
}

fn dense(out: usize, inside: usize) -> Dense<f32> {
    Dense { w: Tensor::ones((out, inside)), b: None }
}

fn block() -> Block<f32> {
    Block { up: dense(6, 4), down: dense(4, 6), gate: Some(dense(4, 4)) }
}

fn main() {
    let net = Net {
        blocks: vec![block(), block()],
        pair: [block(), block()],
        more: Some(vec![block(), block()]),
        boxed: Box::new(block()),
        wrapped: Wrapper(block()),
        way: Way::Through { dense: dense(4, 4) },
        weights: vec![Tensor::ones((4,)), Tensor::ones((4,))],
        head: dense(3, 4),
        width: 4,
        scale: 0.5,
    };
    let x = Tensor::<f32, _>::ones((2, 4));
    assert_eq!(net.forward(&x).shape(), (2, 3));
    let (_, grads) = step(net, &x);
    assert_eq!(grads.head.w.shape(), (3, 4));
    assert_eq!(first(&[block()], &x).shape(), (2, 4));
    assert_eq!(leading(&dense(5, 4), &x).shape(), (2, 5));
}
