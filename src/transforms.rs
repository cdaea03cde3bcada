//! The transforms of the language, with an example of each. They are used in the bodies of `#[thunder]` functions, and
//! they nest.
//!
//! A transform that differentiates or maps takes its input by reference (a tensor, a module, or a tuple of them) and a
//! closure, which gets the input by reference. A gradient has the type of the input.
//!
//! ```
//! use thunder::prelude::*;
//!
//! /// A value with its gradient, and a second derivative: the gradient of the sum of a gradient.
//! #[thunder]
//! fn gradients(x: &Tensor<f32, (N,)>) -> (Scalar<f32>, Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
//!     let (value, dx) = value_and_grad(x, |x| x.square().sum(..));
//!     let second = grad(x, |x| grad(x, |x| (x.square() * x).sum(..)).sum(..));
//!     (value, dx, second)
//! }
//!
//! /// The gradient with respect to two tensors: a tuple of clones, which share their memory.
//! #[thunder]
//! fn by_both(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
//!     grad(&(x.clone(), y.clone()), |(x, y)| (x * y).sum(..))
//! }
//!
//! /// Forward mode (`jvp`): the value and its directional derivative along `dx`. Reverse mode (`vjp`): the value and the
//! /// product of a cotangent with the Jacobian.
//! #[thunder]
//! fn modes(x: &Tensor<f32, (N,)>, dx: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
//!     let (y, dy) = jvp(x, dx, |x| x.square());
//!     let (_, back) = vjp(x, |x| x.square(), &y);
//!     (dy, back)
//! }
//!
//! /// `vmap` applies a function of one example to every example at once. Per-example gradients are a `vmap` of a `grad`.
//! #[thunder]
//! fn per_example(xs: &Tensor<f32, (B, N)>, w: &Tensor<f32, (N,)>) -> (Tensor<f32, (B,)>, Tensor<f32, (B, N)>) {
//!     let ys = vmap(xs, |x| (x * w).sum(0));
//!     (ys, vmap(xs, |x| grad(w, |w| (x * w).square().sum(..))))
//! }
//!
//! /// `scan` is a loop that passes a carry on and stacks the results of all steps.
//! #[thunder]
//! fn running(xs: &Tensor<f32, (T, N)>) -> (Tensor<f32, (N,)>, Tensor<f32, (T, N)>) {
//!     scan(zeros((N,)), xs, |carry, x| {
//!         let next = carry * 0.5 + x;
//!         (next.clone(), next)
//!     })
//! }
//!
//! /// `checkpoint` computes its intermediate values again in the backward pass instead of storing them, `autocast` runs
//! /// matrix products in a narrower type, and `stop_gradient` makes a value a constant for derivatives.
//! #[thunder]
//! fn managed(x: &Tensor<f32, (N, N)>) -> Tensor<f32, (N, N)> {
//!     grad(x, |x| {
//!         let y = checkpoint(|| x.exp().sin());
//!         let z = autocast::<bf16, _>(|| y.matmul(x));
//!         (&z * stop_gradient(&z)).sum(..)
//!     })
//! }
//!
//! let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
//! let (value, dx, second) = gradients(&x);
//! assert_eq!((value.item(), dx.to_vec(), second.to_vec()), (5.0, vec![2.0, 4.0], vec![6.0, 12.0]));
//! assert_eq!(by_both(&x, &dx).0.to_vec(), [2.0, 4.0]);
//! assert_eq!(modes(&x, &x).0.to_vec(), [2.0, 8.0]);
//! let xs = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
//! assert_eq!(per_example(&xs, &x).0.to_vec(), [5.0, 11.0]);
//! assert_eq!(running(&xs).0.to_vec(), [3.5, 5.0]);
//! assert_eq!(managed(&xs).shape(), (2, 2));
//! ```

pub use thunder_core::link::{Stacked, autocast, checkpoint, grad, jvp, scan, value_and_grad, vjp, vmap};
pub use thunder_core::tensor::stop_gradient;
