//! Numbers beyond the range of the element type beside which they stand, in every operator and operation.

use thunder::prelude::*;

#[thunder]
pub fn operators(x: &Tensor<u8, (N,)>, y: &Tensor<i32, (N,)>, z: &Tensor<u32, (N,)>) -> (Tensor<u8, (N,)>, Tensor<i32, (N,)>, Tensor<u32, (N,)>) {
    let a = x + 300; //~ 300
    let b = -1 - x; //~ -1
    let c = y * 3000000000; //~ 3000000000
    let d = z & -1; //~ -1
    let e = z | 4294967296; //~ 4294967296
    (a + b, c, d + e)
}

#[thunder]
pub fn operations(x: &Tensor<u8, (N,)>, m: &Tensor<bool, (N,)>) -> (Tensor<u8, (N,)>, Tensor<u8, (N,)>, Tensor<u8, (N,)>) {
    let a = x.maximum(256); //~ 256
    let b = select(m, x, -1); //~ -1
    let c = x.clamp(0, 256); //~ 256
    let d = x.masked_fill(m, 1000); //~ 1000
    (a + b, c, d)
}

#[thunder]
pub fn made() -> (Tensor<u8, (usize,)>, Tensor<f16, (usize,)>, Tensor<i32, (usize,)>) {
    (full::<u8, _>((3,), 256), full::<f16, _>((3,), 70000.0), full::<i32, _>((3,), -2147483649)) //~ 256 //~ 70000.0 //~ -2147483649
}

// A comparison is as true as one with the end of the range.
#[thunder]
pub fn compared(x: &Tensor<u8, (N,)>, y: &Tensor<f16, (N,)>) -> (Tensor<bool, (N,)>, Tensor<f16, (N,)>) {
    (x.lt(300) & (x > -1), y * 100000.0)
}

fn main() {}
