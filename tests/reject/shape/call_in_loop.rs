use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (C, C)>,
}

#[thunder]
impl Layer {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x.matmul(&self.w)
    }
}

#[thunder]
pub struct Net {
    pub embed: Tensor<f32, (V, C)>,
    pub layers: Vec<Layer<C = C>>,
    pub last: Option<Layer<C = C>>,
}

#[thunder]
impl Net {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B, V)>) -> Tensor<f32, (B, C)> {
        let mut h = x.clone();
        for layer in &self.layers {
            h = layer.forward(y); //~ y
        }
        let mut g = x.exp();
        for layer in &self.layers {
            g = layer.forward(&g);
        }
        if let Some(last) = &self.last {
            g = last.forward(&g);
        }
        g = g + &self.embed; //~ +
        if let Some(last) = &self.last {
            g = last.forward(&y.exp()) + last.forward(&g); //~ &y.exp()
        }
        h + g
    }
}

#[thunder]
fn loss(net: &Net, x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B, T)>) -> Scalar<f32> {
    net.forward(x, y).sum(..) * net.last.as_ref().unwrap().forward(y).sum(..)
}

fn main() {}
