// Code of a `#[thunder]` type that std's traits reach: neither derived nor `#[thunder]` itself.
use std::cmp::Ordering;
use std::iter::{Product, Sum};
use std::ops::*;
use std::str::FromStr;
use thunder::prelude::*;

fn hidden() -> usize {
    std::env::args().count()
}

#[thunder]
#[derive(Debug)]
pub struct Cfg {
    pub k: f32,
    pub list: Vec<f32>,
}

impl Default for Cfg {
    fn default() -> Self {
        Cfg {
            k: hidden() as f32,
            list: vec![],
        }
    }
}
impl From<f32> for Cfg {
    fn from(_: f32) -> Self {
        Cfg::default()
    }
}
impl From<Cfg> for f32 {
    fn from(c: Cfg) -> f32 {
        c.k * hidden() as f32
    }
}
impl TryFrom<u8> for Cfg {
    type Error = String;
    fn try_from(_: u8) -> Result<Self, String> {
        Ok(Cfg::default())
    }
}
impl FromStr for Cfg {
    type Err = String;
    fn from_str(_: &str) -> Result<Self, String> {
        Ok(Cfg::default())
    }
}
impl FromIterator<f32> for Cfg {
    fn from_iter<I: IntoIterator<Item = f32>>(_: I) -> Self {
        Cfg::default()
    }
}
impl Sum<f32> for Cfg {
    fn sum<I: Iterator<Item = f32>>(_: I) -> Self {
        Cfg::default()
    }
}
impl Product<f32> for Cfg {
    fn product<I: Iterator<Item = f32>>(_: I) -> Self {
        Cfg::default()
    }
}
impl Deref for Cfg {
    type Target = f32;
    fn deref(&self) -> &f32 {
        &self.k
    }
}
impl Index<usize> for Cfg {
    type Output = f32;
    fn index(&self, i: usize) -> &f32 {
        &self.list[i + hidden()]
    }
}
impl IntoIterator for Cfg {
    type Item = f32;
    type IntoIter = std::vec::IntoIter<f32>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
impl PartialEq for Cfg {
    fn eq(&self, _: &Cfg) -> bool {
        hidden() > 1
    }
}
impl PartialOrd for Cfg {
    fn partial_cmp(&self, _: &Cfg) -> Option<Ordering> {
        None
    }
}
impl Add<f32> for Cfg {
    type Output = f32;
    fn add(self, _: f32) -> f32 {
        hidden() as f32
    }
}
impl Mul<Cfg> for f32 {
    type Output = f32;
    fn mul(self, _: Cfg) -> f32 {
        hidden() as f32
    }
}
impl Neg for Cfg {
    type Output = f32;
    fn neg(self) -> f32 {
        hidden() as f32
    }
}
impl Not for Cfg {
    type Output = bool;
    fn not(self) -> bool {
        hidden() > 1
    }
}
impl AddAssign<f32> for Cfg {
    fn add_assign(&mut self, _: f32) {}
}
impl AsRef<f32> for Cfg {
    fn as_ref(&self) -> &f32 {
        &self.k
    }
}
impl std::borrow::Borrow<f32> for Cfg {
    fn borrow(&self) -> &f32 {
        &self.k
    }
}
impl std::fmt::Display for Cfg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", hidden())
    }
}

#[thunder]
#[derive(Copy, PartialEq, Eq)]
pub enum Act {
    A,
    B,
}
impl PartialOrd for Act {
    fn partial_cmp(&self, o: &Act) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Act {
    fn cmp(&self, _: &Act) -> Ordering {
        if hidden() > 1 {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    }
}

#[thunder]
fn case_1(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = Default::default(); //~ default
    x * c.k
}

#[thunder]
fn case_2(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg {
        k: 1.0,
        ..Default::default() //~ default
    };
    x * c.k
}

#[thunder]
fn case_3(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg::default(); //~ default
    x * c.k
}

#[thunder]
fn case_4(x: &Tensor<f32, (N,)>, o: Option<Cfg>) -> Tensor<f32, (N,)> {
    let c = o.unwrap_or_default(); //~ unwrap_or_default
    x * c.k
}

#[thunder]
fn case_5(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = 1.0.into(); //~ into
    x * c.k
}

#[thunder]
fn case_6(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = 1u8.try_into().unwrap(); //~ try_into
    x * c.k
}

#[thunder]
fn case_7(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = "a".parse().unwrap(); //~ parse
    x * c.k
}

#[thunder]
fn case_8(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = [1.0, 2.0].iter().copied().collect(); //~ collect
    x * c.k
}

#[thunder]
fn case_9(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = [1.0, 2.0].into_iter().sum(); //~ sum
    x * c.k
}

#[thunder]
fn case_10(x: &Tensor<f32, (N,)>, c: &Cfg) -> Tensor<f32, (N,)> {
    x * **c //~ **
}

#[thunder]
fn case_11(x: &Tensor<f32, (N,)>, c: &Cfg) -> Tensor<f32, (N,)> {
    x * c[0] //~ c
}

#[thunder]
fn case_12(x: &Tensor<f32, (N,)>, c: Cfg) -> Tensor<f32, (N,)> {
    let mut y = x.clone();
    for k in c { //~ c
        y = y * k;
    }
    y
}

#[thunder]
fn case_13(x: &Tensor<f32, (N,)>, c: &Cfg, d: &Cfg) -> Tensor<f32, (N,)> {
    if c == d { x.clone() } else { x * 2.0 } //~ =
}

#[thunder]
fn case_14(x: &Tensor<f32, (N,)>, c: &Cfg, d: &Cfg) -> Tensor<f32, (N,)> {
    if c < d { x.clone() } else { x * 2.0 } //~ <
}

#[thunder]
fn case_15(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    x * (c + 1.0) //~ c
}

#[thunder]
fn case_16(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    let k = 2.0 * c; //~ c
    x * k
}

#[thunder]
fn case_17(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    let k = -c; //~ c
    x * k
}

#[thunder]
fn case_18(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    if !c { x.clone() } else { -x } //~ c
}

#[thunder]
fn case_19(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    let r: &f32 = c.as_ref(); //~ as_ref
    x * *r
}

#[thunder]
fn case_20(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    x * c.to_string().len() //~ to_string
}

#[thunder]
fn case_21(x: &Tensor<f32, (N,)>, c: Cfg) -> Tensor<f32, (N,)> {
    let k: f32 = c.into(); //~ into
    x * k
}

#[thunder]
fn case_22(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    let k = f32::from(c); //~ from
    x * k
}

#[thunder]
fn case_23(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg::from(1.0); //~ from
    x * c.k
}

#[thunder]
fn case_24(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = <Cfg as Default>::default(); //~ default
    x * c.k
}

#[thunder]
fn case_25(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = <Cfg>::from_str("a").unwrap(); //~ from_str
    x * c.k
}

#[thunder]
fn case_26(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut v = vec![Act::A, Act::B];
    v.sort(); //~ sort
    if v[0] == Act::A { x.clone() } else { -x }
}

#[thunder]
fn case_27(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let v = [Act::A, Act::B];
    if *v.iter().max().unwrap() == Act::A { //~ max
        x.clone()
    } else {
        -x
    }
}

#[thunder]
fn case_28(x: &Tensor<f32, (N,)>, a: Act, b: Act) -> Tensor<f32, (N,)> {
    if a.max(b) == Act::A { x.clone() } else { -x } //~ max
}

#[thunder]
fn case_29(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let v = [Act::A, Act::B];
    let m = v.iter().max_by_key(|a| **a).unwrap(); //~ *
    if *m == Act::A { x.clone() } else { -x }
}

#[thunder]
fn case_30(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let m = std::cmp::max(Act::A, Act::B); //~ Act
    if m == Act::A { x.clone() } else { -x }
}

#[thunder]
fn case_31(x: &Tensor<f32, (N,)>, a: Act, b: Act) -> Tensor<f32, (N,)> {
    if a.cmp(&b) == Ordering::Less { x.clone() } else { -x } //~ cmp
}

#[thunder]
fn case_32(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Option<Cfg> = [Some(1.0)].into_iter().collect(); //~ collect
    x * c.unwrap().k
}

#[thunder]
fn case_33(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let (c, _): (Cfg, usize) = Default::default(); //~ default
    x * c.k
}

#[thunder]
fn case_34(x: &Tensor<f32, (N,)>, cs: &[Cfg]) -> Tensor<f32, (N,)> {
    if cs[0] == cs[1] { x.clone() } else { -x } //~ =
}

#[thunder]
fn case_35(x: &Tensor<f32, (N,)>, o: Option<Act>) -> Tensor<f32, (N,)> {
    if o > None { x.clone() } else { -x } //~ >
}

#[thunder]
fn case_36(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c: Cfg = Iterator::sum([1.0f32].into_iter()); //~ sum
    x * c.k
}

#[thunder]
fn case_37(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let c = Cfg { k: 1.0, list: vec![] };
    let v = Vec::from_iter(c); //~ c
    x * v[0]
}
fn main() {}
