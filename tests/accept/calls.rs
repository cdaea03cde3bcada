//! Calls by every kind of path: what asks whether a callee is traced is in nobody's way.

use thunder::prelude::*;

mod tools {
    use thunder::prelude::*;

    #[thunder]
    pub fn twice<E: Float>(x: &Tensor<E, (N,)>) -> Tensor<E, (N,)> {
        x * 2.0
    }

    pub mod deep {
        use thunder::prelude::*;

        #[thunder]
        pub fn count(n: usize) -> usize {
            n + 1
        }
    }
}

// A function and a macro may share a name.
macro_rules! shift {
    ($x:expr) => {
        $x
    };
}

#[thunder]
fn shift(x: &Tensor<f32, (N,)>, by: f32) -> Tensor<f32, (N,)> {
    x + by
}

#[thunder]
fn by_path(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = tools::twice::<f32>(x);
    let y: Tensor<f32, (N,)> = self::tools::twice(&y);
    shift(&y, 1.0) * tools::deep::count(2)
}

#[thunder]
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Up,
    Down,
}

#[thunder]
impl Act {
    fn sign(&self) -> f32 {
        if *self == Act::Up { 1.0 } else { -1.0 }
    }
}


fn main() {
    #[thunder]
    fn local(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        crate::shift(x, 0.5)
    }

    #[thunder]
    fn of_local(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        local(&local(x))
    }

    let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    assert_eq!(by_path(&x).to_vec(), [15.0, 27.0]);
    assert_eq!(of_local(&x).to_vec(), [2.0, 3.0]);
    assert_eq!(shift!(Act::Down).sign(), -1.0);
}
