// References, options and tuples in patterns, and in iterators.
use thunder::prelude::*;
#[thunder]
struct P {
    w: Option<Tensor<f32, (N,)>>,
    b: Option<Tensor<f32, (N,)>>,
    k: Option<f32>,
    ks: Vec<Option<f32>>,
    t: (f32, Option<usize>),
    pairs: Vec<(usize, f32)>,
    ws: Vec<Option<Tensor<f32, (N,)>>>,
}
#[thunder]
impl P {
    fn a(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let y = match (&self.w, self.k) {
            (Some(w), Some(k)) => x * w * k,
            (Some(w), None) => x + w,
            (None, _) => x.clone(),
        };
        let y = if let (Some(w), Some(b)) = (&self.w, &self.b) { y * w + b } else { y };
        let y = if let Some(w) = &self.w
            && let Some(k) = self.k
            && k > 1.0
        {
            y + w * k
        } else {
            y
        };
        let Some(&k) = self.k.as_ref() else { return y };
        let (a, Some(n)) = self.t else { return y * k };
        y + a + n as f32
    }
    fn b(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let mut y = x.clone();
        for k in &self.ks {
            if let Some(k) = k {
                y = y * *k;
            }
        }
        for k in self.ks.iter().flatten() {
            y = y + *k;
        }
        for (n, k) in &self.pairs {
            y = y + *n as f32 * k;
        }
        for &(n, k) in self.pairs.iter() {
            y = y + n as f32 + k;
        }
        for w in &self.ws {
            if let Some(w) = w {
                y = y * w;
            }
        }
        for w in self.ws.iter().flatten() {
            y = y + w;
        }
        let n: usize = self.pairs.iter().map(|(n, _)| n).sum();
        let m = self.pairs.iter().map(|&(_, k)| k).fold(0.0, |a: f32, b| a.max(b));
        let c = self.ks.iter().filter(|k| k.is_some()).count();
        let q = self.ks.iter().filter_map(|k| *k).map(|k| k * 2.0).sum::<f32>();
        let w = self.ws.iter().filter(|w| w.is_none()).count();
        y + n as f32 + m + c as f32 + q + w as f32
    }
    fn c(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let k = self.k.filter(|k| *k > 0.0).or(Some(1.0)).map_or(0.0, |k| k * 2.0);
        let j = self.k.is_some_and(|k| k > 1.0);
        let l = self.t.1.map(|n| n + 1).unwrap_or_default();
        let m = self.k.and_then(|k| if k > 1.0 { Some(k) } else { None }).unwrap_or(0.5);
        let z = self.k.zip(self.t.1).map(|(a, b)| a * b as f32).unwrap_or(0.0);
        let o = self.k.ok_or("none").unwrap_or(3.0);
        let s = self.ks.len() + self.pairs.len();
        x * k + if j { 1.0 } else { 0.0 } + l as f32 + m + z + o + s as f32
    }
}
fn main() {
    let v = |k: f32| Tensor::<f32, _>::full(k, (1,));
    let p = P {
        w: Some(v(2.0)),
        b: Some(v(1.0)),
        k: Some(3.0),
        ks: vec![Some(2.0), None],
        t: (0.5, Some(4)),
        pairs: vec![(1, 2.0), (3, 4.0)],
        ws: vec![None, Some(v(3.0))],
    };
    let x = v(1.0);
    // 1*2*3=6; *2+1=13; +6=19; + .5 + 4
    assert_eq!(p.a(&x).to_vec(), [23.5]);
    // 2, 4, +2+12=18, +3+7=28? (1+2)+(3+4)=10 -> 28; *3=84; +3 = 87; n=4, m=4, c=1, q=4, w=1
    assert_eq!(p.b(&x).to_vec(), [87.0 + 4.0 + 4.0 + 1.0 + 4.0 + 1.0]);
    assert_eq!(p.c(&x).to_vec(), [6.0 + 1.0 + 5.0 + 3.0 + 12.0 + 3.0 + 4.0]);
}
