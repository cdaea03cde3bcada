//! A traced function, how it is compiled, and its gradient.

use thunder::prelude::*;

/// Root mean square normalisation over the last dimension.
#[thunder]
fn rms_norm<E: Float>(x: &Tensor<E, (B, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, C)> {
    let x32 = x.cast::<f32>();
    let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
    (x32 * scale).cast::<E>() * w
}

/// The gradient of the mean square of the normalised rows with respect to `w`.
#[thunder]
fn gradient(x: &Tensor<f32, (B, C)>, w: &Tensor<f32, (C,)>) -> (Scalar<f32>, Tensor<f32, (C,)>) {
    value_and_grad(w, |w| rms_norm(x, w, 1e-6).square().mean(..))
}

fn main() -> Result<(), Error> {
    let x = Tensor::<f32, _>::randn((4, 8), Key::new(0));
    let w = Tensor::ones((8,));

    // A call runs it.
    let y = rms_norm(&x, &w, 1e-6);
    println!("y: {y:?}\n");

    // The trace that the macro built; `{:#}` also shows the functions that it calls.
    println!("{}", rms_norm::TRACE);

    // How it was compiled for these arguments.
    let explained = rms_norm::explain(&x, &w, 1e-6)?;
    for stage in explained.stages.iter().filter(|s| ["link", "fuse"].contains(&s.name)) {
        println!("after {}:\n{}", stage.name, stage.trace);
    }

    let (value, grad) = gradient(&x, &w);
    println!("mean square {:.4}, its gradient: {:.3?}", value.item(), grad.to_vec());
    Ok(())
}
