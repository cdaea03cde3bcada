// Tuples, arrays, `Vec` and `Option` of tensors, in and out.
use thunder::prelude::*;

#[thunder]
fn tuple(p: (Tensor<f32, (N,)>, Tensor<f32, (N,)>), q: &(Scalar<f32>, usize)) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    let (a, b) = p;
    let n = q.1;
    (a * &q.0, b + n)
}

#[thunder]
fn array(xs: [Tensor<f32, (N,)>; 2]) -> [Tensor<f32, (N,)>; 2] {
    let [a, b] = &xs;
    let swapped = [b, a];
    swapped.map(|t| t.exp())
}

#[thunder]
fn vector(xs: &Vec<Tensor<f32, (N,)>>) -> Vec<Tensor<f32, (N,)>> {
    let mut ys = Vec::new();
    for x in xs {
        ys.push(x * 2.0);
    }
    ys
}

#[thunder]
fn slice(xs: &[Tensor<f32, (N,)>]) -> Tensor<f32, (N,)> {
    let mut total = xs[0].clone();
    for x in &xs[1..] {
        total = total + x;
    }
    total
}

#[thunder]
fn option(x: &Tensor<f32, (N,)>, bias: Option<&Tensor<f32, (N,)>>, gate: Option<Tensor<f32, (N,)>>) -> Tensor<f32, (N,)> {
    let y = match bias {
        Some(b) => x + b,
        None => x.clone(),
    };
    let Some(g) = gate else { return y };
    y * g
}

#[thunder]
fn optional_result(x: &Tensor<f32, (N,)>, wanted: bool) -> Option<Tensor<f32, (N,)>> {
    if wanted { Some(x.exp()) } else { None }
}

fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    let (a, b) = tuple((x.clone(), x.clone()), &(Scalar::from(3.0f32), 4));
    assert_eq!((a.to_vec()[0], b.to_vec()[0]), (3.0, 5.0));
    assert_eq!(array([x.clone(), Tensor::zeros((2,))])[0].to_vec(), vec![1.0; 2]);
    assert_eq!(vector(&vec![x.clone(), x.clone()])[1].to_vec(), vec![2.0; 2]);
    assert_eq!(slice(&[x.clone(), x.clone(), x.clone()]).to_vec(), vec![3.0; 2]);
    assert_eq!(option(&x, Some(&x), None).to_vec(), vec![2.0; 2]);
    assert_eq!(option(&x, None, Some(Tensor::full(3.0, (2,)))).to_vec(), vec![3.0; 2]);
    assert!(optional_result(&x, false).is_none());
}
