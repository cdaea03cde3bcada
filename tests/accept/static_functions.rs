// Functions of static values only.
use thunder::prelude::*;
#[thunder]
fn pow2(n: usize) -> usize {
    let mut p = 1;
    while p < n {
        p <<= 1;
    }
    p
}
#[thunder]
fn parse(s: &str) -> Option<(usize, f32)> {
    let (a, b) = s.split_once(':')?;
    let n = a.trim().parse().ok()?;
    let k: f32 = b.parse().ok()?;
    if n == 0 {
        return None;
    }
    Some((n, k))
}
#[thunder]
fn sum_even(v: &[usize]) -> usize {
    let mut s = 0;
    for &x in v {
        if x % 2 == 0 {
            s += x;
        }
    }
    s
}
#[thunder]
fn fib(n: usize) -> usize {
    let (mut a, mut b) = (0, 1);
    for _ in 0..n {
        (a, b) = (b, a + b);
    }
    a
}
#[thunder]
fn slug(s: &str) -> String {
    s.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}
#[thunder]
fn sched(step: usize, warm: usize, lr: f32) -> f32 {
    if step < warm {
        lr * (step as f32 / warm as f32)
    } else {
        lr * 0.5 * (1.0 + f32::cos(std::f32::consts::PI * (step - warm) as f32 / 10.0))
    }
}
#[thunder]
fn sorted(v: Vec<f32>) -> Vec<f32> {
    let mut w = v;
    w.sort_by(|a, b| a.total_cmp(b));
    w.dedup();
    w
}
#[thunder]
fn use_all(x: &Tensor<f32, (N,)>, s: &str, v: Vec<usize>) -> Tensor<f32, (N,)> {
    let p = pow2(N) + 1;
    let (n, k) = parse(s).unwrap_or((1, 0.5));
    let e = sum_even(&v);
    let f = fib(7);
    let sl = slug("A-b c1");
    if sl != "abc1" {
        panic!("slug {sl}");
    }
    let lr = sched(5, 10, 1.0);
    let w = sorted(vec![3.0, 1.0, 1.0]);
    let mut t = 0;
    for i in 0..pow2(v.len()) {
        t += i;
    }
    assert_eq!(pow2(v.len()), 4, "pow {}", pow2(v.len()));
    let b: Vec<bool> = v.iter().map(|x| x % 2 == 1).collect();
    let any = b.iter().any(|b| *b);
    let mut m = v.clone();
    m.push(N);
    m.retain(|x| *x > 1);
    m.rotate_left(1);
    let text = format!("{p}-{n}-{:?}", m);
    x * k
        + (p + n + e + f + t) as f32
        + lr
        + w[0]
        + w.len() as f32
        + if any { 1.0 } else { 0.0 }
        + text.len() as f32
        + pow2(3) as f32
}
fn main() {
    let x = Tensor::<f32, _>::ones((3,));
    // p=5 n=2 k=.25 e=2 f=13 t=0+1+2+3=6, lr=.5, w0=1, len 2, any 1, m = [2,3,3]->... v=[1,2,3]: push 3 -> [1,2,3,3] retain [2,3,3] rot [3,3,2]; text "5-2-[3, 3, 2]" = 13 ; pow2(3)=4
    assert_eq!(
        use_all(&x, "2:0.25", vec![1, 2, 3]).to_vec()[0],
        0.25 + (5 + 2 + 2 + 13 + 6) as f32 + 0.5 + 1.0 + 2.0 + 1.0 + 13.0 + 4.0
    );
}
