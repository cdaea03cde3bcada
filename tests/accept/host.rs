// Host calls: errors as values, closures on the host, a new configuration.
use thunder::prelude::*;

#[thunder]
pub struct Drop {
    pub rate: f32,
    pub training: bool,
}

#[thunder]
impl Drop {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>, key: Key) -> Tensor<f32, (B, C)> {
        if self.training { x.dropout(self.rate, key) } else { x.clone() }
    }
}

#[thunder]
fn checked(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    assert!(n < 3, "n is {}", n);
    x * n
}

fn main() {
    let mut d = Drop { rate: 0.5, training: false };
    let x = Tensor::<f32, _>::ones((4, 4));
    assert_eq!(d.forward(&x, Key::new(0)).to_vec(), vec![1.0; 16]);
    d.training = true;
    assert_ne!(d.forward(&x, Key::new(0)).to_vec(), vec![1.0; 16]);
    let y = Tensor::<f32, _>::ones((2,));
    assert!(checked::call(&y, 2).is_ok());
    let e = checked::call(&y, 3).unwrap_err();
    assert!(e.to_string().contains("n is 3"), "{e}");
    let sum = thunder::call(|| checked(&checked(&y, 2), 2).to_vec()[0]);
    assert_eq!(sum.unwrap(), 4.0);
    assert!(thunder::call(|| checked(&y, 5)).is_err());
}
