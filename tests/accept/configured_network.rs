// A network whose configuration is in fields: numbers, options, enums, texts, lists.
use thunder::nn::Linear;
use thunder::prelude::*;
#[thunder]
#[derive(Debug, PartialEq, Copy)]
enum Norm {
    None,
    Pre,
    Post(f32),
}
#[thunder]
struct Block {
    l: Linear<f32, In = C, Out = C>,
    norm: Norm,
    scale: Option<f32>,
    dims: Vec<usize>,
    tag: String,
    enabled: bool,
    pow: i32,
    rates: [f32; 3],
}
#[thunder]
impl Block {
    fn rate(&self) -> f32 {
        self.rates.iter().sum::<f32>() / self.rates.len() as f32
    }
    fn is_on(&self) -> bool {
        self.enabled && !self.tag.is_empty()
    }
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut s = self.scale.unwrap_or(1.0);
        if self.enabled {
            s *= self.rate();
        }
        let y = match self.norm {
            Norm::None => self.l.forward(x),
            Norm::Pre => self.l.forward(&(x * s)),
            Norm::Post(k) if k > 0.0 => self.l.forward(x) * k,
            Norm::Post(_) => x.clone(),
        };
        let k = self.rates.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let n = self.dims.iter().filter(|d| **d > 1).count();
        let m = self.dims.iter().max().copied().unwrap_or(1);
        let first = self.dims.first().copied().unwrap_or(0) << 1;
        let p = f32::powi(2.0, self.pow);
        let bits = (self.dims[0] & 1) | 2;
        y * k + (n + m + first + bits) as f32 + p
    }
}
#[thunder]
struct Net {
    blocks: Vec<Block>,
    residual: bool,
    skip: Option<usize>,
    head: Option<Box<Linear<f32, In = C, Out = C>>>,
}
#[thunder]
impl Net {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut h = x.clone();
        let mut used = 0;
        for (i, b) in self.blocks.iter().enumerate() {
            if self.skip == Some(i) || !b.is_on() {
                continue;
            }
            let y = b.forward(&h);
            h = if self.residual { h + y } else { y };
            used += 1;
        }
        for b in self.blocks.iter().filter(|b| b.is_on()).rev() {
            h = b.forward(&h);
        }
        let total: f32 = self.blocks.iter().filter(|b| b.is_on()).map(|b| b.rate()).sum();
        let names: Vec<String> = self.blocks.iter().map(|b| b.tag.to_uppercase()).collect();
        let joined = names.join("-");
        assert_eq!(names.len(), self.blocks.len(), "names {joined}");
        let h = match &self.head {
            Some(head) => head.forward(&h),
            None => h,
        };
        let best = self.blocks.iter().max_by(|a, b| a.rate().total_cmp(&b.rate()));
        let h = if let Some(b) = best { b.forward(&h) } else { h };
        h * total + used as f32 + joined.len() as f32
    }
    fn select(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let on: Vec<&Block> = self.blocks.iter().filter(|b| b.enabled).collect();
        let mut h = x.clone();
        for b in &on {
            h = b.forward(&h);
        }
        let Some(b) = self.blocks.iter().find(|b| b.tag == "b") else { return h };
        let c = self.blocks.iter().min_by_key(|b| b.dims.len()).unwrap();
        let i = self.blocks.iter().position(|b| b.norm == Norm::Pre).unwrap_or(0);
        let n = self.blocks.iter().map(|b| b.dims.len()).max().unwrap_or(0);
        c.forward(&b.forward(&h)) + i as f32 + n as f32 + on.len() as f32
    }
}
fn lin(w: f32) -> Linear<f32> {
    let mut l = Linear::<f32>::new(1, 1, false, Key::new(0));
    l.weight = Tensor::from_vec(vec![w], (1, 1));
    l
}
fn main() {
    let b = |t: &str, on: bool, r: f32, d: Vec<usize>| Block {
        l: lin(2.0),
        norm: if on { Norm::Post(1.0) } else { Norm::Pre },
        scale: Some(0.5),
        dims: d,
        tag: t.into(),
        enabled: on,
        pow: 2,
        rates: [r; 3],
    };
    let n = Net {
        blocks: vec![b("a", true, 1.0, vec![1, 2]), b("b", true, 2.0, vec![3]), b("c", false, 5.0, vec![1])],
        residual: true,
        skip: Some(1),
        head: Some(Box::new(lin(3.0))),
    };
    let x = Tensor::<f32, _>::ones((1, 1));
    // f_a(h) = 2h*1 + (1+2+2+3)+4 = 2h+12 ; dims[0]=1: first=2, bits=1|2=3, n=1, m=2 => 8 +4
    // f_b(h) = 2h*2 + (1+3+6+3)+4 = 4h+17
    // f_c: norm Pre: s = 0.5 (not enabled) -> l(x*.5)=h ; *5 + (0+1+2+3)+4 = 5h+10
    // loop: h=1 + 14 = 15; skip b; c off. used=1
    // rev filter: b: 77; a: 166; head: 498; best = c(5.0): 2500; total = 3: 7500+1+5
    assert_eq!(n.forward(&x).to_vec(), [7506.0]);
    // select: a: 14; b: 73; find b: 309; min_by_key dims.len: first min: b (len 1): 1253; i = 2 (c), n=2, on=2
    assert_eq!(n.select(&x).to_vec(), [1253.0 + 6.0]);
}
