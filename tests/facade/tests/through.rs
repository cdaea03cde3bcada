//! Thunder through another crate, in a crate without std's prelude: nothing that is emitted leans on it.
#![no_implicit_prelude]

use ::std::assert_eq;
use ::std::clone::Clone;
use ::std::option::Option::{None, Some};
use ::std::prelude::rust_2024::derive;
use ::std::vec;
use ::thunder_facade::bolt::prelude::{Scalar, Tensor, select, thunder};
use ::thunder_facade::{Affine, step};

#[thunder(crate = thunder_facade::bolt)]
#[derive(Clone)]
struct Net {
    inner: Affine<C = C>,
    head: Tensor<f32, (D, C)>,
    #[buffer]
    count: Tensor<i64, (One,)>,
    width: Dim<C>,
    rate: f32,
    scales: ::std::vec::Vec<Tensor<f32, (C,)>>,
}

#[thunder(crate = thunder_facade::bolt)]
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Relu,
    Leaky(f32),
}

#[thunder(crate = thunder_facade::bolt)]
trait Layer {
    fn apply(&self, x: &Tensor<f32, (N, C)>, act: Act) -> Tensor<f32, (N, D)>;
}

#[thunder(crate = thunder_facade::bolt)]
impl Layer for Net {
    fn apply(&self, x: &Tensor<f32, (N, C)>, act: Act) -> Tensor<f32, (N, D)> {
        let mut y = self.inner.forward(x) * self.rate;
        for scale in &self.scales {
            y = y * scale;
        }
        let y = y.linear(&self.head, None);
        match act {
            Act::Relu => y.relu(),
            Act::Leaky(slope) => select(&(&y > 0.0), &y, &(&y * slope)),
        }
    }
}

#[thunder(crate = thunder_facade::bolt)]
mod inner {
    use ::std::assert;
    use ::thunder_facade::bolt::__rt::Shape;
    use ::thunder_facade::bolt::prelude::Tensor;

    pub fn twice<S: Shape>(x: &Tensor<f32, S>) -> Tensor<f32, S> {
        assert!(2 > 1);
        x + x
    }
}

#[thunder(crate = thunder_facade::bolt)]
fn run(net: Net, x: &Tensor<f32, (N, C)>, names: &[f32], act: Act) -> (Net, Scalar<f32>) {
    let first = if names.len() > 1 { names[1] } else { 1.0 };
    let y = inner::twice(&net.apply(x, act)) * first;
    (net, y.sum(..))
}

#[test]
fn renamed_and_without_a_prelude() {
    let affine = Affine { scale: Tensor::ones((2,)), bias: Some(Tensor::ones((2,))) };
    let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
    let mut net = Net {
        inner: affine.clone(),
        head: Tensor::ones((3, 2)),
        count: Tensor::zeros((1,)),
        width: 2,
        rate: 0.5,
        scales: vec![Tensor::ones((2,))],
    };
    // 2 * 3 * 0.5 * (2 + 3 + 4 + 5)
    let sum = run::update(&mut net, &x, &[1.0, 1.0], Act::Relu);
    assert_eq!(sum.item(), 42.0);
    let sum = run::try_update(&mut net, &x, &[1.0, 1.0], Act::Leaky(0.1)).unwrap();
    assert_eq!(sum.item(), 42.0);
    let (_, loss) = step(affine, &x);
    assert_eq!(loss.item(), (4.0 + 9.0 + 16.0 + 25.0) / 4.0);
}
