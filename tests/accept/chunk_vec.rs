// As many parts as a static value says.
use thunder::prelude::*;

#[thunder]
fn parts(x: &Tensor<f32, (B, Dim<6>)>, n: usize) -> Vec<Tensor<f32, (B, _)>> {
    x.chunk_vec(n, 1)
}

#[thunder]
pub struct Table {
    pub rows: Tensor<f32, (R, C)>,
    pub groups: usize,
}

#[thunder]
impl Table {
    // Of a field, in a loop, by a number of the configuration and by a dimension.
    pub fn total(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        let mut sum = x.clone();
        for part in self.rows.chunk_vec(self.groups, 0) {
            let best: Vec<_> = part.chunk_vec(2, -1).iter().map(|p| p.sum(..)).collect();
            for b in best {
                sum = sum + b;
            }
        }
        for (i, column) in x.chunk_vec(C, 0).iter().enumerate() {
            sum = sum + column.sum(..) * i;
        }
        sum
    }
}

fn main() {
    let x = Tensor::from_vec((0..12).map(|i| i as f32).collect(), (2, 6));
    for n in [1, 2, 3, 6] {
        let all = parts(&x, n);
        assert_eq!(all.len(), n);
        for (i, part) in all.iter().enumerate() {
            let w = 6 / n;
            let want: Vec<f32> = (0..2 * w).map(|k| (k / w * 6 + i * w + k % w) as f32).collect();
            assert_eq!(part.to_vec(), want);
        }
    }
    for n in [0, 4] {
        let error = parts::call(&x, n).unwrap_err().to_string();
        assert!(error.contains("chunk") && error.contains(&n.to_string()), "{error}");
    }
    let table = Table { rows: Tensor::ones((6, 4)), groups: 3 };
    assert_eq!(table.total(&Tensor::ones((4,))).to_vec(), vec![1.0 + 24.0 + 6.0; 4]);
}
