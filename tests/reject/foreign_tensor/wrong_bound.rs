//! A type that is not what the bound of a parameter says.

use thunder::nn::Linear;
use thunder::prelude::*;

#[thunder] //~ #[thunder]
pub struct Wrong {
    pub inner: Linear<i64>, //~ Linear<i64>
    pub rate: f32,
}

fn main() {}
