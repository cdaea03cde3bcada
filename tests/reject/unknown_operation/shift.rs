use thunder::prelude::*;

#[thunder]
struct Bits {
    mask: Tensor<i32, (N,)>,
    n: usize,
}

#[thunder]
impl Bits {
    fn field(&self, x: &Tensor<i32, (N,)>) -> Tensor<i32, (N,)> {
        x * (self.n << 2) as i32 + (self.mask << 1) //~ self.mask
    }
}

#[thunder]
fn shifted(x: &Tensor<i32, (N,)>) -> Tensor<i32, (N,)> {
    let y = x << 1; //~ <<
    let z = 1 >> x; //~ >>
    y + z + (N << 2) as i32
}

fn main() {}
