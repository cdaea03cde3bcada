// Modules in fields, in `Vec`, in `Option`, generic by trait, chosen by an enum.
use thunder::prelude::*;

#[thunder]
pub trait Layer: Module {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>;

    fn twice(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.forward(&self.forward(x))
    }
}

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Layer for Scale {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x * &self.w
    }
}

#[thunder]
pub struct Relu;

#[thunder]
impl Layer for Relu {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x.relu()
    }
}

#[thunder]
pub struct Sequential<A: Module, B: Module> {
    pub first: A,
    pub second: B,
}

#[thunder]
impl<L: Layer, R: Layer> Layer for Sequential<L, R> {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.second.forward(&self.first.forward(x))
    }
}

#[thunder]
pub enum Choice {
    Scale(Scale),
    Nothing,
}

#[thunder]
pub struct Net {
    pub blocks: Vec<Scale>,
    pub last: Option<Scale>,
    pub choice: Choice,
    pub pair: (Scale, usize),
}

impl Net {
    pub fn new(n: usize, c: usize) -> Net {
        let scale = || Scale { w: Tensor::full(2.0, (c,)) };
        let blocks = (0..n).map(|_| scale()).collect();
        Net { blocks, last: Some(scale()), choice: Choice::Scale(scale()), pair: (scale(), 3) }
    }
}

#[thunder]
impl Net {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut h = x.clone();
        for block in &self.blocks {
            h = block.forward(&h);
        }
        if let Some(last) = &self.last {
            h = last.forward(&h);
        }
        let h = match &self.choice {
            Choice::Scale(s) => s.forward(&h),
            Choice::Nothing => h,
        };
        self.pair.0.forward(&h) * self.pair.1
    }
}

#[thunder]
fn run<L: Layer>(layer: &L, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    layer.twice(x)
}

fn main() {
    let net = Net::new(2, 3);
    let x = Tensor::<f32, _>::ones((1, 3));
    assert_eq!(net.forward(&x).to_vec()[0], 96.0);
    let s = Sequential { first: Scale { w: Tensor::full(-2.0, (3,)) }, second: Relu };
    assert_eq!(run(&s, &x).to_vec(), vec![0.0; 3]);
}
