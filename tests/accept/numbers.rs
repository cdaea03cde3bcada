// Functions of Rust's numbers by their path, on fields of unknown kind too.
use std::f64::consts;
use thunder::prelude::*;
#[thunder]
struct P {
    eps: f32,
    n: usize,
    m: i32,
}
#[thunder]
impl P {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let a = f32::max(self.eps, 0.5);
        let b = usize::pow(self.n, 2);
        let c = f32::from(3u8);
        let d = i32::abs(self.m);
        let e = usize::min(self.n, N);
        let f = f32::sqrt(self.eps * self.eps);
        let g = f32::powi(2.0, self.m.abs());
        let h = usize::div_ceil(self.n, 2);
        let i = u8::try_from(self.n).unwrap();
        let j = i64::from(self.m);
        let k = f32::clamp(self.eps, 0.0, 1.0);
        let l = (self.n as f32).max(self.eps);
        x + a + b as f32 + c + d as f32 + e as f32 + f + g + h as f32 + i as f32 + j as f32 + k + l
    }
    fn consts(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let a = u32::MAX as f32 * 0.0 + f32::EPSILON * 0.0;
        let b = consts::PI as f32;
        let c = std::f32::consts::E;
        x + a + b + c
    }
}
mod f64x {}
#[thunder]
fn stat(x: &Tensor<f32, (N,)>, s: &str, o: Option<f32>) -> Tensor<f32, (N,)> {
    let a = Option::unwrap_or(o, 1.0);
    let b = str::len(s);
    let c = Vec::<usize>::from([1, 2]).len();
    let d = String::from(s).len();
    let e = std::cmp::max(N, 2);
    let f = Ord::max(N, 7);
    let g = usize::is_power_of_two(4);
    let h = i32::from_str_radix("11", 2).unwrap();
    let i = u32::from('a');
    let j = char::is_alphabetic('a');
    let k = f32::total_cmp(&1.0, &2.0).is_lt();
    x + a + (b + c + d + e + f) as f32 + if g && j && k { 1.0 } else { 0.0 } + h as f32 + i as f32
}
fn main() {
    let x = Tensor::<f32, _>::zeros((3,));
    let p = P { eps: 0.25, n: 4, m: -3 };
    assert_eq!(
        p.run(&x).to_vec()[0],
        0.5 + 16.0 + 3.0 + 3.0 + 3.0 + 0.25 + 8.0 + 2.0 + 4.0 - 3.0 + 0.25 + 4.0
    );
    assert!((p.consts(&x).to_vec()[0] - 5.859875).abs() < 1e-4);
    assert_eq!(stat(&x, "abc", None).to_vec()[0], 1.0 + 3.0 + 2.0 + 3.0 + 3.0 + 7.0 + 1.0 + 3.0 + 97.0);
}
