//! Traced methods that bear the names of std's `first` and `last`, where they would be taken for those.

use thunder::prelude::*;

#[thunder]
pub struct Ends {
    pub w: Tensor<f32, (N,)>,
}

#[thunder]
impl Ends {
    pub fn first(&self) -> Option<Tensor<f32, (N,)>> {
        Some(self.w.exp())
    }
    pub fn last(&self) -> Option<Tensor<f32, (N,)>> {
        Some(self.w.exp())
    }
}

#[thunder]
pub struct Net {
    pub ends: Ends,
    pub list: Vec<Ends>,
}

#[thunder]
impl Net {
    pub fn of_a_field(&self) -> Tensor<f32, (N,)> {
        self.ends.first().unwrap() + self.ends.last().unwrap() //~ first //~ last
    }
    pub fn of_a_list(&self) -> Tensor<f32, (N,)> {
        self.list.first().unwrap().w.exp() + &self.list.last().unwrap().w
    }
}

fn main() {}
