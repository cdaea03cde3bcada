use std::collections::HashMap;
use thunder::prelude::*;

#[thunder]
fn takes(m: &HashMap<String, f32>, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ HashMap
    x * 2.0
}

#[thunder]
fn gives(x: &Tensor<f32, (N,)>) -> Result<Tensor<f32, (N,)>, String> { //~ Result
    Ok(x * 2.0)
}

#[thunder]
struct Table {
    rows: std::collections::BTreeMap<String, Tensor<f32, (N,)>>, //~ BTreeMap
}

fn main() {}
