use thunder::prelude::*;

mod rand {
    pub struct Rng;
    impl Rng {
        pub fn gen_range(&mut self, _: std::ops::Range<f64>) -> f64 {
            0.5
        }
    }
    pub fn thread_rng() -> Rng {
        Rng
    }
}

use rand::thread_rng;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut rng = thread_rng(); //~ thread_rng
    x * rng.gen_range(0.0..1.0)
}

fn main() {}
