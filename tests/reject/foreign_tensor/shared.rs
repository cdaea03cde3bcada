use std::cell::Cell;
use std::rc::Rc;
use thunder::prelude::*;

// What a method does with a field that was refused is not refused again.
#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub calls: Cell<usize>, //~ Cell
    pub rate: Rc<f32>, //~ Rc
    pub f: Box<dyn Fn(usize) -> usize + Send + Sync>, //~ dyn Fn(usize) -> usize + Send + Sync
}

#[thunder]
impl Layer {
    pub fn forward(&self) -> Tensor<f32, (N,)> {
        self.calls.set(self.calls.get() + 1);
        self.w.exp()
    }
}

#[thunder]
fn user(layer: &Layer) -> Tensor<f32, (_,)> {
    layer.forward()
}

fn main() {}
