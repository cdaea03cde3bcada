use std::cell::{Cell, RefCell};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let n = Cell::new(0); //~ Cell::new
    n.set(1);
    let seen = RefCell::new(vec![x.clone()]); //~ RefCell::new
    seen.borrow_mut().push(x.exp());
    let guard = Mutex::new(0); //~ Mutex::new
    *guard.lock().unwrap() += 1;
    let _count = AtomicUsize::new(0); //~ AtomicUsize::new
    x.exp()
}

fn main() {}
