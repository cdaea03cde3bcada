use thunder::prelude::*;

#[thunder]
pub struct Model<E: Float> {
    pub w: Tensor<E, (Out, In)>,
    pub b: Option<Tensor<E, (Out,)>>,
    #[buffer]
    pub scale: Tensor<f32, ()>,
    pub name: String,
}

#[thunder]
impl<E: Float> Model<E> {
    pub fn loss(&self, x: &Tensor<E, (B, In)>, y: &Tensor<i64, (B,)>) -> Scalar<f32> {
        let logits = x.linear(&self.w, self.b.as_ref()).cast::<f32>() * &self.scale;
        cross_entropy(&logits, y, CrossEntropy { label_smoothing: 0.1, ..Default::default() })
    }
}

#[thunder]
pub fn sgd<M: Module>(model: M, grads: M, lr: &Scalar<f32>) -> M {
    let (model, _) = zip_map((&model, &grads), |_, (p, g)| {
        let g32 = g.cast::<f32>() * lr;
        (p.clone() - g32.cast_like(&p), g)
    });
    model
}

#[thunder(cuda_graph)]
pub fn train_step(
    model: Model<f32>,
    lr: &Scalar<f32>,
    x: &Tensor<f32, (B, In)>,
    y: &Tensor<i64, (B,)>,
) -> (Model<f32>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&model, |m| m.loss(x, y));
    let model = sgd(model, grads, lr);
    (model, loss)
}

fn main() {
    let w = Tensor::randn((3, 2), Key::new(0));
    let mut model = Model { w, b: None, scale: Tensor::from(1.0f32), name: "m".into() };
    let x = Tensor::randn((4, 2), Key::new(1));
    let y = Tensor::from_vec(vec![0i64, 1, 2, 0], (4,));
    let (mut first, mut last) = (0.0, 0.0);
    for step in 0..5 {
        let (next, loss) = train_step(model, &Scalar::from(0.1f32), &x, &y);
        model = next;
        last = loss.item();
        if step == 0 {
            first = last;
        }
    }
    assert!(last < first);
}
