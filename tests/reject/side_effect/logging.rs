use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    log::info!("in f: {:?}", x); //~ log::info
    tracing::debug!(n = N); //~ tracing::debug
    warn!("slow"); //~ warn
    x.exp()
}

fn main() {}
