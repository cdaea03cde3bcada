// `?` on static values: in functions that give an `Option`, and in closures.
use thunder::prelude::*;
#[thunder]
fn width(s: &str) -> Option<usize> {
    let (a, b) = s.split_once('x')?;
    Some(a.parse::<usize>().ok()? * b.parse::<usize>().ok()?)
}
#[thunder]
fn both(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a? + b?)
}
#[thunder]
fn t1(x: &Tensor<f32, (N,)>, a: Option<f32>, b: Option<f32>, s: &str) -> Tensor<f32, (N,)> {
    let f = || -> Option<f32> { Some(a? + b?) };
    let k = f().unwrap_or(0.5);
    let k2 = (|| Some(a? * 2.0))().unwrap_or(1.0);
    let w = width(s).unwrap_or(1);
    let p = |t: &str| -> Result<usize, std::num::ParseIntError> {
        let n = t.parse::<usize>()?;
        Ok(n + 1)
    };
    x * k + k2 + w as f32 + p("4").unwrap_or(0) as f32 + both(Some(1), None).unwrap_or(7) as f32
}
#[thunder]
fn t2(x: &Tensor<f32, (N,)>, a: Option<f32>) -> Option<Tensor<f32, (N,)>> {
    let a = a?;
    Some(x * a)
}
#[thunder]
struct W {
    w: Option<Tensor<f32, (N,)>>,
    k: Option<f32>,
}
#[thunder]
impl W {
    fn get(&self, x: &Tensor<f32, (N,)>) -> Option<Tensor<f32, (N,)>> {
        let w = self.w.as_ref()?;
        let k = self.k?;
        Some(x * w * k)
    }
}
fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    assert_eq!(t1(&x, Some(1.0), Some(2.0), "2x3").to_vec()[0], 3.0 + 2.0 + 6.0 + 5.0 + 7.0);
    assert_eq!(t1(&x, None, Some(2.0), "2").to_vec()[0], 0.5 + 1.0 + 1.0 + 5.0 + 7.0);
    assert_eq!(t2(&x, Some(2.0)).unwrap().to_vec()[0], 2.0);
    assert!(t2(&x, None).is_none());
    let w = W { w: Some(x.clone()), k: Some(3.0) };
    assert_eq!(w.get(&x).unwrap().to_vec()[0], 3.0);
}
