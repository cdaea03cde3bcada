use thunder::prelude::*;

#[thunder]
mod net {
    use thunder::prelude::*;

    static STEP: usize = 3; //~ static

    pub fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x.exp()
    }
}

fn main() {}
