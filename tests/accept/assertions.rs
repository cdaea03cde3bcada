// The macros that assert, panic and format.
use thunder::prelude::*;
#[thunder]
struct M {
    mode: String,
    n: usize,
    sizes: Vec<usize>,
    k: Option<usize>,
    w: Tensor<f32, (N,)>,
}
#[thunder]
impl M {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        assert_eq!(N, 2);
        assert_eq!(self.n, 3, "n is {}", self.n);
        assert_ne!(self.n, 0, "zero");
        debug_assert_eq!(self.sizes.len(), 2);
        debug_assert_ne!(self.mode, "z");
        assert_eq!(x.shape(), (2,));
        assert_eq!(x.shape().0, self.n - 1, "{:?}", self.sizes);
        assert!(self.k.is_none(), "k {k:?}", k = self.k);
        let y = match self.mode.as_str() {
            "a" => x.exp(),
            "b" => todo!(),
            "c" => unimplemented!("mode {}", self.mode),
            m => panic!("{m}"),
        };
        let msg = format!("n = {}, {N}", self.n);
        if msg.len() == 0 {
            panic!("{msg}");
        }
        if self.n == 17 {
            panic!("{}", format!("bad {} {:?}", self.n, self.sizes));
        }
        if self.n > 100 {
            unreachable!("n {}", self.n)
        }
        y * &self.w
    }
    fn todo(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        if self.n > 1 { todo!("later: {}", self.n) } else { x.clone() }
    }
    fn later(&self, _x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        todo!()
    }
    fn never(&self, _x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        unimplemented!()
    }
}
#[thunder]
fn fm(x: &Tensor<f32, (N,)>, a: usize) -> Tensor<f32, (N,)> {
    let s = format!("{a:>3}|{}", N);
    let k = if s.ends_with("|2") { 2.0 } else { 1.0 };
    let t: String = ["a", "b"].concat();
    let v = vec![0usize; a];
    let ok = matches!(a, 1 | 2 if N == 2);
    let c = 5usize;
    std::assert_eq!(v.len(), a);
    x * k + s.len() as f32 + t.len() as f32 + if ok { 1.0 } else { 0.0 } + c as f32
}
fn main() {
    let x = Tensor::<f32, _>::zeros((2,));
    let m = M { mode: "a".into(), n: 3, sizes: vec![1, 2], k: None, w: Tensor::ones((2,)) };
    assert_eq!(m.run(&x).to_vec()[0], 1.0);
    assert_eq!(fm(&x, 1).to_vec()[0], 5.0 + 2.0 + 1.0 + 5.0);
    for r in [
        thunder::call(|| m.todo(&x)),
        thunder::call(|| m.later(&x)),
        thunder::call(|| m.never(&x)),
        thunder::call(|| M { n: 4, ..m.clone() }.run(&x)),
        thunder::call(|| M { mode: "c".into(), ..m.clone() }.run(&x)),
        thunder::call(|| M { mode: "b".into(), ..m.clone() }.run(&x)),
    ] {
        println!("{}", r.err().unwrap());
    }
}
