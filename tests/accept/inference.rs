// Type annotations are rustc's business: turbofish, inference through calls, generics in impls.
use thunder::prelude::*;

#[thunder]
pub struct Pair<E: Float, M: Module> {
    pub inner: M,
    pub gain: Tensor<E, (C,)>,
    pub steps: [usize; 2],
    pub rate: Option<f32>,
    pub names: Vec<String>,
}

#[thunder]
impl<E: Float, M: Module> Pair<E, M> {
    pub const GAIN: f32 = 2.0;

    pub fn scaled(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        let rate = self.rate.unwrap_or(1.0) * Self::GAIN;
        let steps: usize = self.steps.iter().sum();
        assert!(self.names.len() <= steps);
        x * &self.gain * rate * (steps as f32)
    }

    pub fn into_inner(self) -> M {
        self.inner
    }
}

#[thunder]
fn build(w: &Tensor<f32, (C,)>) -> Pair<f32, Tensor<f32, (C,)>> {
    Pair { inner: w.exp(), gain: w.clone(), steps: [1, 2], rate: None, names: vec![] }
}

#[thunder]
fn updated<M: Module>(p: Pair<f32, M>, w: Tensor<f32, (C,)>) -> Pair<f32, M> {
    Pair { gain: w, rate: Some(0.5), ..p }
}

fn main() {
    let p = build(&Tensor::<f32, _>::ones((2,)));
    assert_eq!(p.scaled(&Tensor::ones((1, 2))).to_vec(), vec![6.0; 2]);
    let p = updated(p, Tensor::full(2.0, (2,)));
    assert_eq!(p.scaled(&Tensor::ones((1, 2))).to_vec(), vec![6.0; 2]);
    assert_eq!(p.into_inner().shape(), (2,));
}
