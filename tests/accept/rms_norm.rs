use thunder::prelude::*;

#[thunder]
pub fn rms_norm<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>, eps: f32) -> Tensor<E, (B, T, C)> {
    let x32 = x.cast::<f32>();
    let scale = (x32.square().mean_keepdim(-1) + eps).rsqrt();
    (x32 * scale).cast::<E>() * w
}

fn main() {
    let x = Tensor::from_vec(vec![3.0f32, 4.0], (1, 1, 2));
    let w = Tensor::ones((2,));
    let y = rms_norm(&x, &w, 0.0).to_vec();
    assert!((y[0] - 3.0 / 12.5f32.sqrt()).abs() < 1e-6);
    assert!(rms_norm::call(&x, &Tensor::ones((3,)), 0.0).is_err());
    assert_eq!(rms_norm::TRACE.name, "rms_norm");
    assert!(rms_norm::explain(&x, &w, 0.0).is_ok());
}
