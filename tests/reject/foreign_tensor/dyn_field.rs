use thunder::prelude::*;

#[thunder]
pub struct Net {
    pub layers: Vec<Box<dyn Module>>, //~ dyn Module
}

fn main() {}
