use thunder::prelude::*;

#[thunder(cuda_graph, cuda_graph)] //~ cuda_graph
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.exp()
}

fn main() {}
