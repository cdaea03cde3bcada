use thunder::prelude::*;

#[thunder]
pub struct Layer<E: Float> {
    pub w: Tensor<E, (C,)>,
    pub inner: Option<Tensor<E, (C,)>>,
}

#[thunder]
impl<E: Float> Layer<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let scale = self.w.softmaxx(-1); //~ softmaxx
        let y = x * scale.exp();
        match &self.inner {
            Some(inner) => y + inner.rsqrtt().sum(-1), //~ rsqrtt
            None => y * self.w.claamp(0.0, 1.0), //~ claamp
        }
    }

    /// A method of a module is no misspelt operation.
    pub fn exps(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        x * self.w.exp()
    }
}

#[thunder]
pub struct Stack<E: Float> {
    pub layer: Layer<E>,
}

#[thunder]
impl<E: Float> Stack<E> {
    pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        self.layer.exps(x)
    }
}

fn main() {}
