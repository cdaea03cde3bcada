use thunder::prelude::*;

#[thunder]
fn main() { //~ main
    let x = Tensor::<f32, _>::ones((2,));
    println!("{:?}", x.to_vec());
}
