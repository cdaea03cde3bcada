// Chains of iterators over modules and configuration.
use thunder::prelude::*;
#[thunder]
struct L {
    rate: f32,
    w: Tensor<f32, (C,)>,
}
#[thunder]
impl L {
    fn rate(&self) -> f32 {
        self.rate * 2.0
    }
    fn big(&self) -> bool {
        self.rate > 1.0
    }
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        x * &self.w
    }
}
#[thunder]
struct Net {
    ls: Vec<L>,
    name: String,
    sizes: Vec<usize>,
}
#[thunder]
impl Net {
    fn n1(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let r = self.ls.iter().map(|l| l.rate()).collect::<Vec<f32>>();
        let s = self.ls.iter().map(|l| l.rate()).sum::<f32>();
        let p: f32 = self.ls.iter().map(|l| l.rate).product();
        let m = self.ls.iter().map(|l| l.rate()).fold(0.0, f32::max);
        let c = self.ls.iter().filter(|l| l.rate > 1.0).count();
        x * s + r[0] + p + m + c as f32 + r.len() as f32
    }
    fn n2(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let mut h = x.clone();
        for l in self.ls.iter().filter(|l| l.big()) {
            h = l.forward(&h);
        }
        h
    }
    fn n3(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let c = self.name.chars().filter(|c| c.is_alphabetic()).count();
        let up: String = self.name.chars().map(|c| c.to_ascii_uppercase()).collect();
        let rev: String = self.name.chars().rev().collect();
        let words: Vec<&str> = self.name.split('-').collect();
        let parsed: usize = words[1].parse().unwrap_or(0);
        let joined = words.join("+");
        let up = if up == "AB-3" { 1.0 } else { 0.0 };
        let rev = if rev.starts_with("3-") { 1.0 } else { 0.0 };
        x + c as f32 + up + rev + parsed as f32 + joined.len() as f32
    }
    fn n4(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let ws: usize = self.sizes.windows(2).map(|w| w[1] - w[0]).sum();
        let cs = self.sizes.chunks(2).map(|c| c.iter().product::<usize>()).max().unwrap();
        let z: usize = self.sizes.iter().zip(&self.sizes[1..]).map(|(a, b)| a * b).sum();
        let mb = self.sizes.iter().min_by(|a, b| a.cmp(b)).unwrap();
        let mk = self.sizes.iter().max_by_key(|a| **a).unwrap();
        let all = self.sizes.iter().all(|s| *s > 0);
        let pos = self.sizes.iter().position(|&s| s == 5).unwrap();
        let e: usize = self.sizes.iter().enumerate().map(|(i, s)| i * s).sum();
        let fm: Vec<usize> = self.sizes.iter().filter_map(|s| s.checked_sub(3)).collect();
        let fl: usize = self.sizes.iter().flat_map(|s| [*s, 1]).sum();
        let tk: usize = self.sizes.iter().skip(1).take(1).copied().sum();
        let sc: Vec<usize> = self
            .sizes
            .iter()
            .scan(0, |a, s| {
                *a += s;
                Some(*a)
            })
            .collect();
        let (ev, od): (Vec<usize>, Vec<usize>) = self.sizes.iter().partition(|s| *s % 2 == 0);
        let last = self.sizes.iter().rev().next().unwrap();
        let red = self.sizes.iter().copied().reduce(|a, b| a.max(b)).unwrap();
        let ch: usize = self.sizes.iter().chain(&[7]).sum();
        let mut sorted = self.sizes.clone();
        sorted.sort();
        sorted.reverse();
        sorted.dedup();
        let tot = ws
            + cs
            + z
            + mb
            + mk
            + pos
            + e
            + fm.len()
            + fl
            + tk
            + sc.len()
            + ev.len()
            + od.len()
            + last
            + red
            + ch
            + sorted[0];
        if all { x + tot as f32 } else { x.clone() }
    }
    fn n5(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let last = self.ls.last().unwrap();
        let best = self.ls.iter().max_by(|a, b| a.rate.total_cmp(&b.rate)).unwrap();
        let h = last.forward(x);
        let h = best.forward(&h);
        let i = self.ls.iter().position(|l| l.rate > 1.0).unwrap();
        let h = self.ls[i].forward(&h);
        let h = self.ls[self.ls.len() - 1].forward(&h);
        let any = self.ls.iter().any(|l| l.big());
        let all = self.ls.iter().all(|l| l.big());
        if any && !all { h } else { x.clone() }
    }
    fn n6(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let ys = self.ls.iter().rev().map(|l| l.forward(x)).collect::<Vec<_>>();
        let mut h = x.clone();
        for (i, (l, s)) in self.ls.iter().zip(self.sizes.iter()).enumerate() {
            h = l.forward(&h) * *s as f32 + i as f32;
        }
        for pair in self.ls.windows(2) {
            h = pair[0].forward(&h) + pair[1].forward(x);
        }
        for c in self.ls.chunks(2) {
            for l in c {
                h = l.forward(&h);
            }
        }
        let t = ys.iter().fold(h, |a, y| a + y);
        t + &ys[0]
    }
    fn n7(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let mut h = x.clone();
        for (i, l) in self.ls.iter().enumerate().skip(1) {
            h = l.forward(&h) + i as f32;
        }
        for l in self.ls.iter().skip(1).chain(self.ls.iter().take(1)) {
            h = l.forward(&h);
        }
        for l in self.ls.iter().step_by(2) {
            h = l.forward(&h);
        }
        if let Some((first, rest)) = self.ls.split_first() {
            h = first.forward(&h);
            for r in rest {
                h = r.forward(&h);
            }
        }
        for l in &self.ls[1..] {
            h = l.forward(&h);
        }
        h
    }
}
fn main() {
    let l = |r: f32, w: f32| L { rate: r, w: Tensor::full(w, (1,)) };
    let n = Net { ls: vec![l(1.0, 2.0), l(1.5, 3.0)], name: "ab-3".into(), sizes: vec![2, 3, 5] };
    let x = Tensor::<f32, _>::ones((1,));
    assert_eq!(n.n1(&x).to_vec()[0], 5.0 + 2.0 + 1.5 + 3.0 + 1.0 + 2.0);
    assert_eq!(n.n2(&x).to_vec()[0], 3.0);
    assert_eq!(n.n3(&x).to_vec()[0], 1.0 + 2.0 + 1.0 + 1.0 + 3.0 + 4.0);
    // ws 3, cs max(6,5)=6, z 6+15=21, mb 2, mk 5, pos 2, e 0+3+10=13, fm [0,2]=2, fl 13, tk 3, sc 3, ev+od 3, last 5, red 5, ch 17, sorted 5
    assert_eq!(
        n.n4(&x).to_vec()[0],
        1.0 + (3 + 6 + 21 + 2 + 5 + 2 + 13 + 2 + 13 + 3 + 3 + 3 + 5 + 5 + 17 + 5) as f32
    );
    assert_eq!(n.n5(&x).to_vec()[0], 3.0 * 3.0 * 3.0 * 3.0);
    // h: 1*2*2+0=4; 4*3*3+1=37; windows: 74+3=77; chunks 77*6=462; ys [3,2]: 467 + 3
    assert_eq!(n.n6(&x).to_vec()[0], 470.0);
    // 1*3+1=4; *3*2=24; step 2: *2=48; *2*3=288; *3=864
    assert_eq!(n.n7(&x).to_vec()[0], 864.0);
}
