// Closures over fields.
use thunder::prelude::*;
#[thunder]
struct M {
    k: f32,
    n: usize,
    w: Tensor<f32, (C,)>,
    ks: Vec<f32>,
}
#[thunder]
impl M {
    fn run(&self, x: &Tensor<f32, (C,)>, s: Option<f32>) -> Tensor<f32, (C,)> {
        let scale = |t: &Tensor<f32, (C,)>| t * self.k;
        let sq = |v: f32| v * v;
        let pick = |i: usize| self.ks[i % self.ks.len()];
        let y = scale(x) + sq(self.k) + pick(self.n);
        let both = s.map(|s| s * self.k).unwrap_or(1.0);
        let total: f32 = self.ks.iter().map(|k| k * self.k).sum();
        let list: Vec<f32> = (0..self.n).map(|i| i as f32 * self.k).collect();
        let parts = [1.0, 2.0].map(|a| a * self.k);
        let ws: Vec<_> = (0..self.n).map(|i| &self.w * i as f32).collect();
        let clip = |v: f32| v.clamp(0.0, self.k.max(1.0));
        let mut acc = 0.0;
        self.ks.iter().for_each(|k| acc += k);
        let mut count = 0;
        for k in &self.ks {
            if *k > self.k {
                count += 1;
            }
        }
        let (lo, hi) = self.ks.iter().fold((f32::MAX, f32::MIN), |(l, h), k| (l.min(*k), h.max(*k)));
        y * both + total + list[1] + parts[0] + ws[1].sum(..) + clip(9.0) + acc + count as f32 + lo + hi
    }
}
fn main() {
    let m = M { k: 2.0, n: 3, w: Tensor::ones((1,)), ks: vec![1.0, 3.0] };
    let x = Tensor::<f32, _>::ones((1,));
    // y = 2 + 4 + ks[1]=3 = 9 ; both = .5*2=1 ; total 8 ; list[1]=2 ; parts0 = 2 ; ws1 = 1 ; clip 2 ; acc 4 ; count 1 ; lo 1 hi 3
    assert_eq!(m.run(&x, Some(0.5)).to_vec(), [9.0 + 8.0 + 2.0 + 2.0 + 1.0 + 2.0 + 4.0 + 1.0 + 1.0 + 3.0]);
}
