use thunder::prelude::*;

#[thunder]
pub struct Inner<E: Float> {
    pub w: Tensor<E, (C,)>,
}

#[thunder]
impl<E: Float> Inner<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        x * &self.w
    }
}

#[thunder]
pub struct Outer<E: Float> {
    pub inner: Inner<E>,
    pub list: Vec<Inner<E>>,
}

#[thunder]
impl<E: Float> Outer<E> {
    pub fn of_self(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.iner.forward(&self.inner.forward(x)) //~ iner
    }

    pub fn of_a_field(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.inner.nope.forward(&self.inner.forward(x)) //~ nope
    }

    pub fn of_an_element(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let mut x = self.inner.forward(x);
        for layer in &self.list {
            x = x * &layer.nope; //~ nope
        }
        x
    }
}

fn main() {}
