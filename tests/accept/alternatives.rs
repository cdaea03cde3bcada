// Alternatives, ranges, bindings and guards in patterns.
use thunder::prelude::*;
#[thunder]
#[derive(Debug, PartialEq)]
enum Act {
    Leaky(f32),
    Elu(f32),
    Scale { k: f32, n: usize },
    Id,
}
#[thunder]
enum Mix {
    One(Tensor<f32, (N,)>),
    Two(Tensor<f32, (N,)>, f32),
    No,
}
#[thunder]
struct H {
    act: Act,
    mix: Mix,
    n: usize,
    mode: String,
    lvl: u8,
}
#[thunder]
impl H {
    fn run(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let k = match &self.act {
            Act::Leaky(k) | Act::Elu(k) => *k,
            Act::Scale { k, n: 1..=3 } => k * 2.0,
            Act::Scale { k, .. } => *k,
            Act::Id => 1.0,
        };
        let y = match &self.act {
            Act::Leaky(k) | Act::Elu(k) => x * *k + k * 2.0,
            Act::Scale { k, n } => x * (k * *n as f32),
            Act::Id => x.clone(),
        };
        let y = match &self.mix {
            Mix::One(w) => y * w,
            Mix::Two(w, k) => y + w * *k,
            Mix::No => y,
        };
        let y = match self.n {
            0 => y,
            n @ 1..=2 => y + n as f32,
            n if n % 2 == 0 => y * n as f32,
            _ => y - 1.0,
        };
        let y = match self.mode.as_str() {
            "a" | "b" => y + 1.0,
            m if m.starts_with("x") => y + 2.0,
            _ => y,
        };
        let y = match self.lvl {
            b'a'..=b'z' => y + 4.0,
            0 | 1 => y,
            _ => y + 8.0,
        };
        let y = match (self.n, self.lvl) {
            (0, _) | (_, 0) => y,
            (n, l) if n as u8 > l => y + 1.0,
            _ => y + 0.5,
        };
        if let Act::Leaky(k) | Act::Elu(k) = &self.act { y + k } else { y * k }
    }
}
fn main() {
    let v = |k: f32| Tensor::<f32, _>::full(k, (1,));
    let h = H { act: Act::Elu(3.0), mix: Mix::Two(v(2.0), 0.5), n: 4, mode: "b".into(), lvl: b'c' };
    // y = 3 + 6 = 9; +1 = 10; n=4: 40; +1; +4 = 45; (4,99): 4>99 no: 45.5; + 3
    assert_eq!(h.run(&v(1.0)).to_vec(), [48.5]);
    let h = H { act: Act::Scale { k: 2.0, n: 2 }, mix: Mix::One(v(2.0)), n: 1, mode: "xy".into(), lvl: 0 };
    // y = 4 ; 8; +1=9; +2 = 11; ; ; * k=4
    assert_eq!(h.run(&v(1.0)).to_vec(), [44.0]);
}
