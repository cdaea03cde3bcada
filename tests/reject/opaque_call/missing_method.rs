use thunder::prelude::*;

#[thunder]
pub struct Inner<E: Float> {
    pub w: Tensor<E, (C,)>,
}

#[thunder]
pub struct Outer<E: Float> {
    pub inner: Inner<E>,
    pub layers: Vec<Inner<E>>,
}

#[thunder]
impl<E: Float> Outer<E> {
    pub fn of_self(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.nope(x) //~ nope
    }

    pub fn of_field(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let y: Tensor<E, (B, C)> = self.inner.forward(x); //~ forward
        y.exp()
    }

    pub fn of_elements(&self, x: Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let mut x = x;
        for layer in &self.layers {
            x = layer.nope(&x); //~ nope
        }
        x
    }

    pub fn of_type(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        Self::make(x) + Inner::make(x) //~ make //~ make
    }
}

#[thunder]
fn f(m: &Inner<f32>, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    m.nope(x) //~ nope
}

fn main() {}
