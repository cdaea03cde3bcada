//! Sums of products over named indices, as permutations and matrix products.

use crate::trace::{Builder, Value};
use crate::types::{DType, Shape};

/// Contracts the operands from the left, two at a time.
pub(super) fn einsum(spec: &str, args: &[Value], b: &mut Builder) -> Value {
    let spec: String = spec.chars().filter(|c| *c != ' ').collect();
    let (inputs, output) = spec.split_once("->").unwrap_or((&spec, ""));
    let inputs: Vec<Vec<char>> = inputs.split(',').map(|s| s.chars().collect()).collect();
    let output: Vec<char> = output.chars().collect();
    let dtype = b.dtype(args[0]);
    // Several steps are taken in f32, so that 16-bit floats are rounded once.
    let args: Vec<Value> =
        args.iter().map(|&x| if is_one_step(&inputs, &output) { x } else { b.widen(x) }).collect();

    let mut acc: Option<(Value, Vec<char>)> = None;
    for (i, (&x, names)) in args.iter().zip(&inputs).enumerate() {
        let wanted = |c: char| output.contains(&c) || inputs[i + 1..].iter().any(|names| names.contains(&c));
        let (x, names) = diagonal(x, names.clone(), b);
        acc = Some(match acc {
            None => sum_out(x, names, wanted, b),
            Some((y, have)) => pair((y, have), (x, names), wanted, b),
        });
    }
    let Some((y, names)) = acc else { return args[0] };
    let order: Vec<usize> = output.iter().filter_map(|c| names.iter().position(|n| n == c)).collect();
    let y = b.permute(y, &order);
    b.cast(y, dtype)
}

/// Whether it is one sum, or one product of matrices.
fn is_one_step(inputs: &[Vec<char>], output: &[char]) -> bool {
    match inputs {
        [_] => true,
        [x, y] => {
            let alone = |c: &char| !output.contains(c) && (x.contains(c) != y.contains(c));
            !x.iter().chain(y).any(alone)
        }
        _ => false,
    }
}

/// An index named twice in one operand walks its diagonal: mask what is off it, and sum one of the two out.
fn diagonal(mut x: Value, mut names: Vec<char>, b: &mut Builder) -> (Value, Vec<char>) {
    while let Some((i, j)) =
        (0..names.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|&(i, j)| names[i] == names[j])
    {
        let sizes = b.sizes(x);
        let line = |axis: usize, b: &mut Builder| {
            let mut shape = vec![1; sizes.len()];
            shape[axis] = sizes[axis];
            b.iota(DType::I64, &shape, axis)
        };
        let (row, column) = (line(i, b), line(j, b));
        let on = b.eq(row, column);
        let masked = b.select_c(on, x, 0.0);
        x = b.sum(masked, &[j], false);
        names.remove(j);
    }
    (x, names)
}

/// Sums over the indices that nothing else wants.
fn sum_out(x: Value, names: Vec<char>, wanted: impl Fn(char) -> bool, b: &mut Builder) -> (Value, Vec<char>) {
    let axes: Vec<usize> = (0..names.len()).filter(|&i| !wanted(names[i])).collect();
    let x = b.sum(x, &axes, false);
    (x, names.into_iter().filter(|&c| wanted(c)).collect())
}

/// The product of two operands, summed over the indices that only they have: one batched matrix product.
fn pair(
    (x, xs): (Value, Vec<char>),
    (y, ys): (Value, Vec<char>),
    wanted: impl Fn(char) -> bool,
    b: &mut Builder,
) -> (Value, Vec<char>) {
    let (x, xs) = sum_out(x, xs, |c| wanted(c) || ys.contains(&c), b);
    let (y, ys) = sum_out(y, ys, |c| wanted(c) || xs.contains(&c), b);
    let batch: Vec<char> = xs.iter().copied().filter(|&c| ys.contains(&c) && wanted(c)).collect();
    let inner: Vec<char> = xs.iter().copied().filter(|&c| ys.contains(&c) && !wanted(c)).collect();
    let left: Vec<char> = xs.iter().copied().filter(|c| !ys.contains(c)).collect();
    let right: Vec<char> = ys.iter().copied().filter(|c| !xs.contains(c)).collect();

    let size = |c: char, b: &Builder| match xs.iter().position(|&n| n == c) {
        Some(i) => b.sizes(x)[i],
        None => ys.iter().position(|&n| n == c).map_or(1, |i| b.sizes(y)[i]),
    };
    let sizes = |list: &[char], b: &Builder| list.iter().map(|&c| size(c, b)).collect::<Vec<usize>>();
    let (bs, ks, ls, rs) = (sizes(&batch, b), sizes(&inner, b), sizes(&left, b), sizes(&right, b));
    let turn = |v: Value, names: &[char], order: &[&[char]], b: &mut Builder| {
        let order: Vec<usize> =
            order.concat().iter().filter_map(|c| names.iter().position(|n| n == c)).collect();
        b.permute(v, &order)
    };
    let product = |list: &[usize]| list.iter().product::<usize>();
    let names = [&batch[..], &left, &right].concat();
    let shape = Shape::of(&[&bs[..], &ls, &rs].concat());

    if inner.is_empty() {
        // An outer product: broadcasting does it.
        let x = turn(x, &xs, &[&batch, &left], b);
        let y = turn(y, &ys, &[&batch, &right], b);
        let x = b.reshape(x, Shape::of(&[&bs[..], &ls, &vec![1; rs.len()]].concat()));
        let y = b.reshape(y, Shape::of(&[&bs[..], &vec![1; ls.len()], &rs].concat()));
        return (b.mul(x, y), names);
    }
    let x = turn(x, &xs, &[&batch, &left, &inner], b);
    let y = turn(y, &ys, &[&batch, &inner, &right], b);
    let x = b.reshape(x, Shape::of(&[&bs[..], &[product(&ls), product(&ks)]].concat()));
    let y = b.reshape(y, Shape::of(&[&bs[..], &[product(&ks), product(&rs)]].concat()));
    let z = b.matmul(x, y);
    (b.reshape(z, shape), names)
}
