// `if`, `match`, `if let`, `for` and early returns on static values; consts; shadowing; asserts.
use thunder::prelude::*;

const LAYERS: usize = 3;
const SCALE: f32 = 0.5;

#[thunder]
#[derive(Copy, PartialEq, Debug)]
pub enum Activation {
    Relu,
    Gelu { tanh: bool },
    Leaky(f32),
}

#[thunder]
impl Activation {
    pub fn apply(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        match self {
            Activation::Relu => x.relu(),
            Activation::Gelu { tanh } if *tanh => x.gelu_tanh(),
            Activation::Gelu { .. } => x.gelu(),
            Activation::Leaky(slope) => select(x > 0.0, x, x * *slope),
        }
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>, act: Activation, depth: usize, scale: Option<f32>, name: &str) -> Tensor<f32, (N,)> {
    assert!(N > 0, "no elements");
    debug_assert!(depth < 100);
    if depth == 0 {
        return x.clone();
    }
    let mut h = x.exp();
    for i in 0..depth {
        if i % 2 == 1 && depth > 1 || i == 7 {
            continue;
        }
        if i > 5 {
            break;
        }
        h = act.apply(&h) * (i as f32 + 1.0);
    }
    for _ in 0..LAYERS {
        h = h * SCALE;
    }
    if let Some(s) = scale {
        h = h * s;
    }
    let h = match (N % 2, name) {
        (0, "double") => h * 2.0,
        (1, _) => {
            let y = h.sin();
            y + 1.0
        }
        _ => h,
    };
    let mut i = 0;
    let mut h = h;
    while i < 2 {
        h = h + 1.0;
        i += 1;
    }
    let half = if matches!(act, Activation::Leaky(_)) { 0.5 } else { 1.0 };
    let width = N.max(2).min(64).next_power_of_two();
    let h = h * half;
    h / (width as f32).sqrt()
}

fn main() {
    let x = Tensor::<f32, _>::zeros((2,));
    let y = f(&x, Activation::Relu, 1, Some(2.0), "double").to_vec();
    // exp(0) = 1, relu, * 1, / 8, * 2, * 2, + 2, / √2
    assert!((y[0] - 2.5 / 2f32.sqrt()).abs() < 1e-6);
    assert_eq!(f(&x, Activation::Gelu { tanh: true }, 0, None, "").to_vec(), vec![0.0; 2]);
    assert!(f(&x, Activation::Leaky(0.1), 3, None, "").to_vec()[0].is_finite());
}
