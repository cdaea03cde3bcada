//! Composites, each from its definition.

use crate::elementwise::{cast, erfc, max, min, sigmoid};
use crate::movement::with;
use crate::reduce::{groups, one};
use crate::{Array, indices};
use thunder_core::op::{Causal, Lit, Op, Reduction};
use thunder_core::types::DType;

pub(crate) fn eval(op: &Op, args: &[Array], dtype: DType, shape: &[usize]) -> Array {
    let x = &args[0];
    let rank = x.shape.len();
    let map = |f: &dyn Fn(f64) -> f64| Array::new(dtype, shape, x.data.iter().map(|&x| f(x)).collect());
    match *op {
        Op::Mean { axes, .. } => Array::new(dtype, shape, groups(x, axes).iter().map(|g| mean(g)).collect()),
        Op::Var { axes, correction, .. } => {
            let var = |g: &Vec<f64>| {
                let m = mean(g);
                let squares: f64 = g.iter().map(|x| (x - m) * (x - m)).sum();
                squares / (g.len() as f64 - f64::from(correction)).max(0.0)
            };
            Array::new(dtype, shape, groups(x, axes).iter().map(var).collect())
        }
        Op::Logsumexp { axes, .. } => {
            Array::new(dtype, shape, groups(x, axes).iter().map(|g| logsumexp(g)).collect())
        }
        Op::Softmax { axis } | Op::LogSoftmax { axis } => {
            let at_axis = axis.resolve(rank).expect("an axis");
            let sums: Vec<f64> = groups(x, one(axis)).iter().map(|g| logsumexp(g)).collect();
            let mut kept = x.shape.clone();
            kept[at_axis] = 1;
            let sums = Array::new(dtype, &kept, sums);
            Array::build(dtype, shape, |at| {
                let sum = sums.at(&with(at, at_axis, 0));
                // A row with an infinite sum has no probabilities, as in PyTorch.
                let log = if sum == f64::INFINITY { f64::NAN } else { x.at(at) - sum };
                if matches!(op, Op::Softmax { .. }) { log.exp() } else { log }
            })
        }
        Op::LayerNorm { eps, weight, bias } => Array::build(dtype, shape, |at| {
            let row = row(x, at);
            let m = mean(&row);
            let var = mean(&row.iter().map(|x| (x - m) * (x - m)).collect::<Vec<_>>());
            let mut y = (x.at(at) - m) / (var + eps.to_f64()).sqrt();
            let mut rest = args[1..].iter();
            if weight.is_yes() {
                y *= rest.next().expect("a weight").data[at[rank - 1]];
            }
            if bias.is_yes() {
                y += rest.next().expect("a bias").data[at[rank - 1]];
            }
            y
        }),
        Op::RmsNorm { eps, weight } => Array::build(dtype, shape, |at| {
            let squares: Vec<f64> = row(x, at).iter().map(|x| x * x).collect();
            let y = x.at(at) / (mean(&squares) + eps.to_f64()).sqrt();
            if weight.is_yes() { y * args[1].data[at[rank - 1]] } else { y }
        }),
        Op::Relu => map(&|x| max(x, 0.0)),
        Op::Gelu { tanh } if tanh.is_yes() => map(&|x| {
            // (1 + tanh u) / 2, which keeps its tail.
            x * sigmoid(2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3)))
        }),
        Op::Gelu { .. } => map(&|x| 0.5 * x * erfc(-x / 2f64.sqrt())),
        Op::Silu => map(&|x| x * sigmoid(x)),
        Op::Softplus => map(&|x| if x > 30.0 { x } else { x.exp().ln_1p() }),
        Op::Clamp { lo, hi } => map(&|x| min(max(x, lo.to_f64()), hi.to_f64())),
        Op::Linear { bias } => Array::build(dtype, shape, |at| {
            let (w, o) = (&args[1], at[rank - 1]);
            let dot: f64 = row(x, at).iter().enumerate().map(|(k, x)| x * w.at(&[o, k])).sum();
            if bias.is_yes() { dot + args[2].data[o] } else { dot }
        }),
        Op::Embedding => Array::build(dtype, shape, |at| {
            let i = x.at(&at[..rank]);
            let inside = i >= 0.0 && i < args[1].shape[0] as f64;
            if inside { args[1].at(&[i as usize, at[rank]]) } else { f64::NAN }
        }),
        Op::CrossEntropy { ignore_index, label_smoothing, reduction } => {
            let loss =
                cross_entropy(args, ignore_index.map(Lit::to_f64), label_smoothing.to_f64(), reduction);
            Array::new(dtype, shape, vec![loss])
        }
        Op::Sdpa { causal, scale, mask } => sdpa(args, causal, scale, mask.is_yes(), dtype, shape),
        Op::Dropout { p } => {
            let keep =
                Op::Bernoulli { p: Lit::F(1.0 - p.to_f64()), shape: thunder_core::types::Shape::of(shape) };
            let keep = crate::random::eval(&keep, &args[1..], DType::Bool, shape);
            let all = p.to_f64() == 0.0;
            Array::build(dtype, shape, |at| {
                if all || keep.at(at) != 0.0 { x.at(at) / (1.0 - p.to_f64()) } else { 0.0 }
            })
        }
        Op::Chunk { axis, index, .. } => {
            let axis = axis.resolve(rank).expect("an axis");
            let start = index.value().expect("a number") * shape[axis];
            Array::build(dtype, shape, |at| x.at(&with(at, axis, at[axis] + start)))
        }
        Op::Narrow { axis, start, .. } => {
            let axis = axis.resolve(rank).expect("an axis");
            Array::build(dtype, shape, |at| {
                x.at(&with(at, axis, at[axis] + start.value().expect("a number")))
            })
        }
        Op::SelectIndex { axis, index } => {
            let axis = axis.resolve(rank).expect("an axis");
            let index = index.value().expect("a number");
            Array::build(dtype, shape, |at| x.at(&[&at[..axis], &[index], &at[axis..]].concat()))
        }
        Op::Transpose { a, b } => {
            let (a, b) = (a.resolve(rank).expect("an axis"), b.resolve(rank).expect("an axis"));
            Array::build(dtype, shape, |at| {
                let mut at = at.to_vec();
                at.swap(a, b);
                x.at(&at)
            })
        }
        Op::Unsqueeze { .. } | Op::Squeeze { .. } => Array::new(dtype, shape, x.data.clone()),
        Op::Stack { axis } => {
            let axis = axis.resolve(rank + 1).expect("an axis");
            Array::build(dtype, shape, |at| args[at[axis]].at(&[&at[..axis], &at[axis + 1..]].concat()))
        }
        Op::Rearrange { pattern: p } => {
            let extents = p.solve(&thunder_core::types::Shape::of(&x.shape));
            let extent = |atom: usize| extents[atom].value().expect("a number");
            Array::build(dtype, shape, |at| {
                // The atoms' own indices, from the last of each output dimension.
                let (mut rest, mut atoms) = (at.to_vec(), vec![0; p.atoms as usize]);
                for i in (0..p.atoms as usize).rev() {
                    let (atom, place) = (p.order[i] as usize, p.place[i] as usize);
                    atoms[atom] = rest[place] % extent(atom);
                    rest[place] /= extent(atom);
                }
                let mut from = vec![0; rank];
                for (atom, &i) in atoms.iter().enumerate() {
                    let g = p.group[atom] as usize;
                    from[g] = from[g] * extent(atom) + i;
                }
                x.at(&from)
            })
        }
        Op::Einsum { spec } => einsum(spec.as_str(), args, dtype, shape),
        Op::OneHot { .. } => Array::build(dtype, shape, |at| {
            cast(f64::from(u8::from(x.at(&at[..rank]) == at[rank] as f64)), DType::Bool, dtype)
        }),
        Op::Tril { diagonal } => Array::build(dtype, shape, |at| {
            let below = at[rank - 1] as f64 - at[rank - 2] as f64 <= diagonal.to_f64();
            if below { x.at(at) } else { 0.0 }
        }),
        Op::Triu { diagonal } => Array::build(dtype, shape, |at| {
            let above = at[rank - 1] as f64 - at[rank - 2] as f64 >= diagonal.to_f64();
            if above { x.at(at) } else { 0.0 }
        }),
        _ => panic!("{op:?} is no composite"),
    }
}

fn mean(list: &[f64]) -> f64 {
    list.iter().sum::<f64>() / list.len() as f64
}

fn logsumexp(list: &[f64]) -> f64 {
    let m = list.iter().fold(f64::NEG_INFINITY, |m, &x| max(m, x));
    if m.is_infinite() || m.is_nan() {
        return m;
    }
    m + list.iter().map(|x| (x - m).exp()).sum::<f64>().ln()
}

/// The last dimension of `x` at the leading part of `at`.
fn row(x: &Array, at: &[usize]) -> Vec<f64> {
    let last = x.shape.len() - 1;
    (0..x.shape[last]).map(|i| x.at(&with(&at[..=last], last, i))).collect()
}

fn cross_entropy(args: &[Array], ignore: Option<f64>, smoothing: f64, reduction: Reduction) -> f64 {
    let (x, targets) = (&args[0], &args[1]);
    let (mut sum, mut count) = (0.0, 0.0);
    for at in indices(&targets.shape) {
        let t = targets.at(&at);
        if Some(t) == ignore {
            continue;
        }
        let logits = row(x, &[&at[..], &[0]].concat());
        // Of a row whose greatest is infinite, the softmax is NaN.
        let lse = match logsumexp(&logits) {
            lse if lse.is_infinite() => f64::NAN,
            lse => lse,
        };
        let inside = t >= 0.0 && t < logits.len() as f64;
        let nll = if inside { lse - logits[t as usize] } else { f64::NAN };
        let smooth = if smoothing == 0.0 { 0.0 } else { smoothing * (lse - mean(&logits)) };
        sum += (1.0 - smoothing) * nll + smooth;
        count += 1.0;
    }
    match reduction {
        Reduction::Mean | Reduction::Free => sum / count,
        Reduction::Sum => sum,
    }
}

fn sdpa(
    args: &[Array],
    causal: Causal,
    scale: Option<Lit>,
    mask: bool,
    dtype: DType,
    shape: &[usize],
) -> Array {
    let (q, k, v) = (&args[0], &args[1], &args[2]);
    let r = q.shape.len();
    let (width, queries, keys) = (q.shape[r - 1], q.shape[r - 2], k.shape[r - 2]);
    let group = q.shape[r - 3] / k.shape[r - 3];
    let scale = scale.map_or(1.0 / (width as f64).sqrt(), Lit::to_f64);
    let unseen = |i: usize, j: usize| match causal {
        Causal::No | Causal::Free => false,
        Causal::Equal | Causal::UpperLeft => j > i,
        Causal::LowerRight => j + queries > i + keys,
    };
    Array::build(dtype, shape, |at| {
        let (lead, head, i, o) = (&at[..r - 3], at[r - 3], at[r - 2], at[r - 1]);
        let read = |x: &Array, j: usize, d: usize| x.at(&[lead, &[head / group, j, d]].concat());
        let scores: Vec<f64> = (0..keys)
            .map(|j| {
                let dot: f64 =
                    (0..width).map(|d| q.at(&[lead, &[head, i, d]].concat()) * read(k, j, d)).sum();
                if unseen(i, j) {
                    return f64::NEG_INFINITY;
                }
                if !mask {
                    return dot * scale;
                }
                let m = args[3].broadcast_at(&[lead, &[head, i, j]].concat());
                match args[3].dtype {
                    DType::Bool if m == 0.0 => f64::NEG_INFINITY,
                    DType::Bool => dot * scale,
                    _ => dot * scale + m,
                }
            })
            .collect();
        let lse = logsumexp(&scores);
        if lse == f64::NEG_INFINITY {
            return 0.0;
        }
        scores.iter().enumerate().map(|(j, s)| (s - lse).exp() * read(v, j, o)).sum()
    })
}

/// The sum over every assignment of the indices.
fn einsum(spec: &str, args: &[Array], dtype: DType, shape: &[usize]) -> Array {
    let spec: String = spec.chars().filter(|c| *c != ' ').collect();
    let (inputs, output) = spec.split_once("->").expect("a result");
    let inputs: Vec<Vec<char>> = inputs.split(',').map(|s| s.chars().collect()).collect();
    let output: Vec<char> = output.chars().collect();
    let mut names: Vec<char> = output.clone();
    inputs.iter().flatten().for_each(|c| {
        if !names.contains(c) {
            names.push(*c);
        }
    });
    let size = |c: char| {
        let at = |(names, x): (&Vec<char>, &Array)| names.iter().position(|&n| n == c).map(|i| x.shape[i]);
        inputs.iter().zip(args).find_map(at).expect("an operand has every index")
    };
    let summed: Vec<usize> = names[output.len()..].iter().map(|&c| size(c)).collect();
    let summed = indices(&summed);
    Array::build(dtype, shape, |at| {
        summed
            .iter()
            .map(|inner| {
                let all = [at, inner].concat();
                let place = |c: &char| all[names.iter().position(|n| n == c).expect("a name")];
                inputs
                    .iter()
                    .zip(args)
                    .map(|(list, x)| x.at(&list.iter().map(place).collect::<Vec<_>>()))
                    .product::<f64>()
            })
            .sum()
    })
}
