use thunder::prelude::*;

fn main() {
    let x = Tensor::<f32, _>::ones((2, 3));
    let y = Tensor::<f32, _>::ones((3,));
    let _ = &x + &y; //~ +
    let _ = &x * 2.0; //~ *
    let z = x / y; //~ /
    println!("{:?}", z.to_vec());
}
