use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let seed = std::time::Instant::now().elapsed().as_nanos() as u64; //~ std::time::Instant::now
    x.dropout(0.1, Key::new(seed)) //~ Key::new
}

fn main() {}
