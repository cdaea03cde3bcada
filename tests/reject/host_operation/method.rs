use thunder::prelude::*;

fn main() {
    let x = Tensor::<f32, _>::ones((2, 3));
    let _ = x.exp(); //~ exp
    let total: Tensor<f32, (usize,)> = x.sum(0); //~ sum
    println!("{:?}", x.softmax(-1).to_vec()); //~ softmax
    let _ = x.cast::<f64>(); //~ cast
    let y = (&x).matmul(&x.t()).relu(); //~ matmul //~ t
    println!("{total:?} {}", y.shape().0);
}
