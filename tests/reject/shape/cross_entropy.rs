use thunder::prelude::*;

#[thunder]
fn f(logits: &Tensor<f32, (B, T, V)>, targets: &Tensor<i64, (B, S)>) -> Scalar<f32> {
    cross_entropy(logits, targets, CrossEntropy::default()) //~ targets
}

fn main() {}
