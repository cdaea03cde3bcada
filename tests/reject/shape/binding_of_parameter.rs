use thunder::prelude::*;

#[thunder]
pub struct KeyValue<E: Float> {
    pub keys: Tensor<E, (L, C)>,
}

#[thunder]
pub struct Attention<E: Float> {
    pub weight: Tensor<E, (C, C)>,
}

#[thunder]
impl<E: Float> Attention<E> {
    pub fn forward(&self, x: &Tensor<E, (T, C)>, cache: &KeyValue<E>) -> Tensor<E, (T, _)> {
        let scores = x.matmul(&self.weight).matmul(cache.keys.t());
        scores / L as f32 //~ L
    }
}

fn main() {}
