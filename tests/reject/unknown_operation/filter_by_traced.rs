use thunder::prelude::*;

#[thunder]
pub enum Act {
    Relu,
    Scaled(f32),
}

#[thunder]
impl Act {
    pub fn slope(&self) -> f32 {
        match self {
            Act::Relu => 1.0,
            Act::Scaled(s) => *s,
        }
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>, acts: &[Act]) -> Tensor<f32, (N,)> {
    let mut y = x.exp();
    for a in acts.iter().filter(|a| a.slope() > 1.0) { //~ |a| a.slope() > 1.0
        y = y * a.slope();
    }
    y
}

fn main() {}
