use thunder::prelude::*;

#[thunder]
pub struct Count {
    pub n: Scalar<i64>,
}

#[thunder]
impl Count {
    pub fn next(self: &mut Self) -> Scalar<i64> { //~ mut
        &self.n + 1
    }
}

fn main() {}
