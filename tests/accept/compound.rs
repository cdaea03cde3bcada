// Compound assignments, shifts and bits of static locals: numbers, fields of unknown kind, elements, texts.
use thunder::prelude::*;
#[thunder]
#[derive(Debug)]
struct K {
    k: f32,
    n: usize,
    flag: bool,
    name: String,
}
#[thunder]
impl K {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut k = self.k;
        k *= 2.0;
        k += 1.0;
        k -= 0.5;
        k /= 0.5;
        k %= 100.0;
        let mut n = self.n;
        n += 3;
        n -= 1;
        n *= 2;
        n /= 2;
        n %= 7;
        n <<= 2;
        n >>= 1;
        n |= 1;
        n &= 0xff;
        n ^= 2;
        let mut f = self.flag;
        f |= true;
        f &= self.flag;
        f ^= true;
        if f { x * k + n as f32 } else { x - k }
    }
    fn more(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let (mut a, mut b) = (self.k, self.n);
        for i in 0..3 {
            a += i as f32;
            b += i;
        }
        let mut v = vec![self.k, 1.0];
        v[0] += 2.0;
        v[1] *= self.k;
        let mut t = (self.n, self.k);
        t.0 += 1;
        t.1 -= 1.0;
        let mut s = self.name.clone();
        s += "ab";
        let mut k2 = self.k;
        k2 = k2 * 3.0;
        x * a + b as f32 + v[0] + v[1] + t.0 as f32 + t.1 + s.len() as f32 + k2
    }
}
#[thunder]
fn ext(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut n = N;
    n += 1;
    n <<= 1;
    n -= 1;
    let mut acc = 0.0;
    for i in 0..n {
        acc += i as f32;
    }
    let mut p = 1usize;
    while p < N {
        p <<= 1;
    }
    x * acc + p as f32 + n as f32
}
#[thunder]
fn shifts(x: &Tensor<f32, (N,)>, b: u32) -> Tensor<f32, (N,)> {
    let a = N << 2;
    let c = 1 << 3;
    let d = N >> 1;
    let e = (N & 1) | (N ^ 2);
    let f = 1usize << b;
    let g = !0u8 >> 4;
    let h = 1u64 << N;
    x + (a + c + d + e + f) as f32 + g as f32 + h as f32
}
#[thunder]
fn opt(x: &Tensor<f32, (N,)>, s: Option<f32>) -> Tensor<f32, (N,)> {
    let mut k = s.unwrap_or(1.0);
    k += 1.0;
    if let Some(mut v) = s {
        v *= 2.0;
        k += v;
    }
    let mut total = 0;
    [1usize, 2, 3].iter().for_each(|v| total += v);
    x * k + total as f32
}
fn main() {
    let x = Tensor::<f32, _>::ones((3,));
    let k = K { k: 1.5, n: 4, flag: false, name: "q".into() };
    // k=1.5: 3,4,3.5,7,7 ; n=4: 7,6,12,6,6,24,12,13,13,15
    assert_eq!(k.run(&x).to_vec()[0], 7.0 + 15.0);
    // a=4.5 b=7 v0=3.5 v1=1.5 t=(5, .5) s=3 k2=4.5
    assert_eq!(k.more(&x).to_vec()[0], 4.5 + 7.0 + 3.5 + 1.5 + 5.0 + 0.5 + 3.0 + 4.5);
    // n=3->4->8->7, acc=21, p=4
    assert_eq!(ext(&x).to_vec()[0], 21.0 + 4.0 + 7.0);
    // 12+8+1+(1|1)+8 + 15 + 8
    assert_eq!(shifts(&x, 3).to_vec()[0], 1.0 + 12.0 + 8.0 + 1.0 + 1.0 + 8.0 + 15.0 + 8.0);
    // k=2+1=3 -> v=4 -> 7 ; total 6
    assert_eq!(opt(&x, Some(2.0)).to_vec()[0], 7.0 + 6.0);
}
