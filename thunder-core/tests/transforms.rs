//! The transforms that are eliminated: derivatives with their regions, `vmap`, `autocast`.

mod common;

use common::*;
use thunder_core::error::Error;
use thunder_core::op::Lit;
use thunder_core::op::{Causal, Flag, Op, Reduction};
use thunder_core::trace::{Builder, Kind, Loc, Trace, Value};
use thunder_core::transform::{autocast, batch, blend, cse, dce, decompose, differentiate, simplify};
use thunder_core::types::{Axes, Axis, DType, Ty};
use thunder_oracle::samples::{self, Random};
use thunder_oracle::{Array, eval};

const F: DType = DType::F64;

fn ty(dims: &[usize]) -> Ty {
    Ty::of(F, dims)
}

fn random(shape: &[usize], seed: u64) -> Array {
    let mut r = Random(seed);
    let n = shape.iter().product::<usize>();
    Array::new(F, shape, (0..n).map(|_| 2.0 * r.unit() - 1.0).collect())
}

/// `value_and_grad` at `x`.
fn grad(b: &mut Builder, x: &[Value], f: Function) -> Vec<Value> {
    let types: Vec<Ty> = x.iter().map(|&v| b.ty(v)).collect();
    let body = closure(b, &types, f);
    let loss = b.ty(body.results[0]);
    b.push(Kind::Grad, x.to_vec(), &[&[loss], &types[..]].concat(), Some(body))
}

/// A region without parameters of the kind given.
fn region(b: &mut Builder, kind: Kind, f: &dyn Fn(&mut Builder) -> Vec<Value>) -> Vec<Value> {
    let body = closure(b, &[], &|b, _| f(b));
    let outs: Vec<Ty> = body.results.iter().map(|&v| b.ty(v)).collect();
    b.push(kind, vec![], &outs, Some(body))
}

/// `vmap` over `x`, with the results that `f` gives for one example.
fn vmap(b: &mut Builder, size: usize, x: &[Value], f: Function) -> Vec<Value> {
    let types: Vec<Ty> = x.iter().map(|&v| b.ty(v)).map(|t| Ty::new(t.elem, t.shape.remove(0))).collect();
    let body = closure(b, &types, f);
    let outs: Vec<Ty> = body
        .results
        .iter()
        .map(|&v| b.ty(v))
        .map(|t| Ty::new(t.elem, t.shape.insert(0, thunder_core::types::Extent::new(size))))
        .collect();
    b.push(Kind::Vmap { size: size as u32 }, x.to_vec(), &outs, Some(body))
}

fn mean_of_squares(b: &mut Builder, x: Value) -> Value {
    let y = b.square(x);
    b.op(Op::Mean { axes: Axes::ALL, keepdim: Flag::No }, &[y])
}

fn count(trace: &Trace, op: &dyn Fn(&Op) -> bool) -> usize {
    trace.insts(&trace.body).filter(|i| matches!(i.kind, Kind::Op(o) if op(&o))).count()
}

#[test]
fn value_and_grad_gives_zeros_where_nothing_flows() {
    let types = [ty(&[3]), ty(&[2]), Ty::of(DType::I64, &[3]), Ty::KEY];
    let trace = build(&types, |b, p| grad(b, p, &|b, x| vec![mean_of_squares(b, x[0])]));
    let trace = differentiated("grad", trace);
    let x = Array::new(F, &[3], vec![1.0, 2.0, 3.0]);
    let ints = Array::new(DType::I64, &[3], vec![1.0, 2.0, 3.0]);
    let key = Array::new(DType::U32, &[2], vec![1.0, 2.0]);
    let out = eval(&trace, &[x, random(&[2], 1), ints, key]);
    assert_eq!(out[0].data, [14.0 / 3.0]);
    assert_eq!(out[1].data, [2.0 / 3.0, 4.0 / 3.0, 2.0]);
    assert_eq!((out[2].dtype, &out[2].data[..]), (F, &[0.0, 0.0][..]));
    assert_eq!((out[3].dtype, &out[3].data[..]), (DType::I64, &[0.0, 0.0, 0.0][..]));
    assert_eq!((out[4].dtype, &out[4].data[..]), (DType::U32, &[0.0, 0.0][..]));
}

#[test]
fn a_captured_leaf_is_a_constant() {
    // d/dp (p x) at p = x is x, not 2x.
    let trace = build(&[ty(&[])], |b, p| grad(b, p, &|b, q| vec![b.mul(q[0], p[0])]));
    let out = eval(&differentiated("grad", trace), &[Array::new(F, &[], vec![3.0])]);
    assert_eq!((out[0].data[0], out[1].data[0]), (9.0, 3.0));
    // The same through a composite that is differentiated by its decomposition.
    let op = Op::Sdpa { causal: Causal::No, scale: Some(Lit::F(1.0)), mask: Flag::No };
    let q = ty(&[1, 2, 2]);
    let captured = build(&[q, q], |b, p| {
        vjp(b, &p[..1], &p[1..], &|b, x| vec![b.op(op, &[x[0], p[0], p[0]])])[1..].to_vec()
    });
    let given =
        build(&[q, q], |b, p| vjp(b, &[p[0], p[0], p[0]], &p[1..], &|b, x| vec![b.op(op, x)])[1..2].to_vec());
    let inputs = [random(&[1, 2, 2], 1), random(&[1, 2, 2], 2)];
    let got = eval(&differentiated("sdpa", captured), &inputs);
    assert_close("sdpa", &got, &eval(&differentiated("sdpa", given), &inputs), 1e-12);
}

#[test]
fn grad_wants_a_float_scalar() {
    let trace = build(&[ty(&[3])], |b, p| {
        b.loc = Loc { file: "src/net.rs", line: 7, column: 1 };
        grad(b, p, &|b, x| vec![b.square(x[0])])
    });
    let error = differentiate::run(trace.clone()).expect_err("not a scalar");
    assert!(matches!(error, Error::Type { loc, .. } if loc.line == 7), "{error}");
}

#[test]
fn no_derivative_is_asked_for_where_none_flows() {
    // Neither through `stop_gradient`, nor for what does not reach the result.
    let trace = build(&[ty(&[3])], |b, p| {
        grad(b, p, &|b, x| {
            let _unused = b.op(Op::Argmax { axis: Axis(0), keepdim: Flag::No }, &[x[0]]);
            let stopped = b.op(Op::StopGradient, &[x[0]]);
            let whole = b.op(Op::Round, &[stopped]);
            let y = b.mul(x[0], whole);
            vec![b.sum(y, &[0], false)]
        })
    });
    let out = eval(&differentiated("stop", trace), &[Array::new(F, &[3], vec![1.2, 1.8, -0.3])]);
    assert_eq!(out[1].data, [1.0, 2.0, 0.0]);
}

#[test]
fn nested_gradients() {
    // The third derivative of x^5 is 60 x².
    let trace = build(&[ty(&[])], |b, p| {
        grad(b, p, &|b, x| {
            let g = grad(b, x, &|b, x| {
                let g = grad(b, x, &|b, x| {
                    let five = b.scalar_like(x[0], 5.0);
                    vec![b.pow(x[0], five)]
                });
                vec![g[1]]
            });
            vec![g[1]]
        })
    });
    let out = eval(&differentiated("nested", trace), &[Array::new(F, &[], vec![2.0])]);
    assert!((out[1].data[0] - 240.0).abs() < 1e-9, "{out:?}");
}

#[test]
fn backward_instructions_keep_the_place_of_the_forward_ones() {
    let at = |line| Loc { file: "src/net.rs", line, column: 1 };
    let trace = build(&[ty(&[3])], |b, p| {
        grad(b, p, &|b, x| {
            b.loc = at(11);
            let y = b.exp(x[0]);
            b.loc = at(12);
            vec![b.sum(y, &[0], false)]
        })
    });
    let out = differentiated("loc", trace);
    let lines: Vec<(String, u32)> =
        out.insts(&out.body).map(|i| (format!("{:?}", i.kind), i.loc.line)).collect();
    let line = |name: &str| lines.iter().find(|(k, _)| k.contains(name)).map(|(_, l)| *l);
    assert_eq!((line("Exp)"), line("Expand"), line("Mul")), (Some(11), Some(12), Some(11)), "{lines:?}");
}

fn checkpointed(b: &mut Builder, kind: Option<Kind>, x: Value, w: Value) -> Value {
    let f = |b: &mut Builder| {
        let y = b.matmul(x, w);
        let y = b.tanh(y);
        let shown = b.op(Op::DebugPrint { label: thunder_core::op::Label::new("y") }, &[y]);
        let z = b.exp(shown);
        vec![z, y]
    };
    let out = match kind {
        Some(kind) => region(b, kind, &f),
        None => f(b),
    };
    let sum = b.add(out[0], out[1]);
    mean_of_squares(b, sum)
}

#[test]
fn checkpoints_compute_again_behind_barriers() {
    let types = [ty(&[2, 3]), ty(&[3, 3])];
    let inputs = [random(&[2, 3], 1), random(&[3, 3], 2)];
    let make = |kind: Option<Kind>| {
        let trace = build(&types, |b, p| grad(b, p, &|b, x| vec![checkpointed(b, kind, x[0], x[1])]));
        differentiated("checkpoint", trace)
    };
    let (plain, again) = (make(None), make(Some(Kind::Checkpoint)));
    assert_close("checkpoint", &eval(&again, &inputs), &eval(&plain, &inputs), 1e-12);
    assert_eq!((count(&plain, &|o| *o == Op::Tanh), count(&again, &|o| *o == Op::Tanh)), (1, 2), "{again}");
    assert_eq!((count(&plain, &|o| *o == Op::Barrier), count(&again, &|o| *o == Op::Barrier)), (0, 2));
    assert_eq!(count(&again, &|o| matches!(o, Op::DebugPrint { .. })), 1, "printed once");
    // Without a derivative it is only inlined.
    let trace = build(&types, |b, p| vec![checkpointed(b, Some(Kind::Checkpoint), p[0], p[1])]);
    let trace = differentiated("inlined", trace);
    assert_eq!(count(&trace, &|o| *o == Op::Barrier), 0);
}

#[test]
fn checkpoints_nest_with_each_other_and_with_derivatives() {
    let types = [ty(&[2, 3]), ty(&[3, 3]), ty(&[2, 3]), ty(&[3, 3])];
    let inputs: Vec<Array> = types.iter().enumerate().map(|(i, t)| random(&t.sizes(), i as u64)).collect();
    let make = |kind: Option<Kind>| {
        // A hessian-vector product, forward over reverse.
        let trace = build(&types, |b, p| {
            jvp(b, &p[..2], &p[2..], &|b, x| {
                grad(b, x, &|b, x| match kind {
                    Some(kind) => region(b, kind, &|b| vec![checkpointed(b, Some(kind), x[0], x[1])]),
                    None => vec![checkpointed(b, None, x[0], x[1])],
                })
            })
        });
        differentiated("nested checkpoint", trace)
    };
    let (plain, again) = (make(None), make(Some(Kind::Checkpoint)));
    assert_close("nested checkpoint", &eval(&again, &inputs), &eval(&plain, &inputs), 1e-10);
}

fn batched(what: &str, trace: &Trace) -> Trace {
    let out = batch::run(trace.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
    for inst in out.insts(&out.body) {
        assert!(matches!(inst.kind, Kind::Op(_)), "{what}: {:?} is left", inst.kind);
    }
    checked(what, out)
}

/// Every operation with each of its operands mapped alone, and with all of them.
#[test]
fn every_operation_batches() {
    let size = 3;
    for s in samples::all(F) {
        let types = s.types();
        let n = types.len();
        let mut choices: Vec<Vec<bool>> = (0..n).map(|i| (0..n).map(|k| k == i).collect()).collect();
        choices.push(vec![true; n]);
        choices.push(vec![false; n]);
        for mapped in choices {
            let what = format!("{} mapped {mapped:?}", s.name());
            let wide: Vec<Ty> = types
                .iter()
                .zip(&mapped)
                .map(|(t, &m)| {
                    let shape = t.shape.insert(0, thunder_core::types::Extent::new(size));
                    if m { Ty::new(t.elem, shape) } else { *t }
                })
                .collect();
            let trace = build(&wide, |b, p| {
                let args: Vec<Value> = p.iter().zip(&mapped).filter(|(_, m)| **m).map(|(v, _)| *v).collect();
                vmap(b, size, &args, &|b, x| {
                    let mut x = x.iter();
                    let own = |(v, m): (&Value, &bool)| if *m { *x.next().expect("one each") } else { *v };
                    let all: Vec<Value> = p.iter().zip(&mapped).map(own).collect();
                    vec![b.op(s.op, &all)]
                })
            });
            let examples: Vec<Vec<Array>> = (0..size as u64).map(|i| s.arrays(i)).collect();
            let inputs: Vec<Array> = (0..n)
                .map(|i| {
                    if !mapped[i] {
                        return examples[0][i].clone();
                    }
                    let shape = [&[size], &examples[0][i].shape[..]].concat();
                    let key = |e: usize| if types[i] == Ty::KEY { e as f64 } else { 0.0 };
                    let data = (0..size).flat_map(|e| examples[e][i].data.iter().map(move |x| x + key(e)));
                    Array::new(types[i].dtype(), &shape, data.collect())
                })
                .collect();
            assert_close(&what, &eval(&batched(&what, &trace), &inputs), &eval(&trace, &inputs), 1e-12);
        }
    }
}

#[test]
fn vmap_and_grad_nest_both_ways() {
    let (xs, w) = (ty(&[4, 3]), ty(&[3, 3]));
    let loss = |b: &mut Builder, x: Value, w: Value| {
        let row = b.reshape(x, thunder_core::types::Shape::of(&[1, 3]));
        let y = b.matmul(row, w);
        let y = region(b, Kind::Checkpoint, &|b| vec![b.op(Op::Softmax { axis: Axis(-1) }, &[y])])[0];
        let y = b.mul(y, row);
        mean_of_squares(b, y)
    };
    let inputs = [random(&[4, 3], 1), random(&[3, 3], 2)];
    // Per-example gradients, and the gradient of the sum over examples.
    let each = build(&[xs, w], |b, p| {
        vmap(b, 4, &p[..1], &|b, x| vec![grad(b, &[p[1]], &|b, w| vec![loss(b, x[0], w[0])])[1]])
    });
    let whole = build(&[xs, w], |b, p| {
        let g = grad(b, &p[1..], &|b, w| {
            let losses = vmap(b, 4, &p[..1], &|b, x| vec![loss(b, x[0], w[0])]);
            vec![b.sum(losses[0], &[0], false)]
        });
        vec![g[1]]
    });
    let each = differentiate::run(each.clone()).expect("derivatives");
    let each = eval(&batched("vmap of grad", &checked("each", each)), &inputs);
    let whole = eval(&differentiated("grad of vmap", whole), &inputs);
    let sum: Vec<f64> = (0..9).map(|i| (0..4).map(|e| each[0].data[e * 9 + i]).sum()).collect();
    assert_close("vmap and grad", &[Array::new(F, &[3, 3], sum)], &whole, 1e-12);
}

#[test]
fn autocast_narrows_products_and_nothing_else() {
    let types = [Ty::of(DType::F32, &[2, 3]), Ty::of(DType::F32, &[3, 4])];
    let f = |b: &mut Builder, p: &[Value]| {
        region(b, Kind::Autocast(DType::BF16), &|b| {
            let y = b.matmul(p[0], p[1]);
            vec![b.exp(y)]
        })
    };
    let trace = build(&types, |b, p| f(b, p));
    let out = checked("autocast", autocast::run(trace.clone()).expect("autocast"));
    for inst in out.insts(&out.body) {
        let narrow = out.ty(inst.results[0]).dtype() == DType::BF16;
        let Kind::Op(op) = inst.kind else { panic!("{:?} is left", inst.kind) };
        assert_eq!(narrow, matches!(op, Op::Matmul) || (matches!(op, Op::Cast { .. }) && narrow), "{op:?}");
        assert!(op != Op::Matmul || narrow, "the product is narrow");
    }
    // Inside a gradient: the backward products are narrow too.
    let trace = build(&types, |b, p| {
        grad(b, p, &|b, x| {
            let y = f(b, x)[0];
            vec![b.sum(y, &[0, 1], false)]
        })
    });
    let out = differentiated("autocast in grad", trace);
    let narrow = |op: &Op, t: Ty| *op == Op::Matmul && t.dtype() == DType::BF16;
    let products = out
        .insts(&out.body)
        .filter(|i| matches!(&i.kind, Kind::Op(op) if narrow(op, out.ty(i.results[0]))))
        .count();
    assert_eq!(products, 3, "{out}");
}

/// A small transformer's loss: every gradient against central differences.
#[test]
fn a_transformer_block_has_the_right_gradient() {
    let types = [ty(&[5, 6]), ty(&[6]), ty(&[18, 6]), ty(&[18]), ty(&[6, 6]), ty(&[6]), ty(&[6])];
    let tokens = [1.0, 4.0, 0.0, 2.0];
    let targets = [4.0, 0.0, 2.0, 3.0];
    let f: Function = &|b, p| {
        let index = |b: &mut Builder, list: [f64; 4]| {
            let parts: Vec<Value> = list
                .iter()
                .map(|&x| {
                    let v = b.scalar(DType::I64, x);
                    b.op(Op::Unsqueeze { axis: Axis(0) }, &[v])
                })
                .collect();
            b.op(Op::Cat { axis: Axis(0) }, &parts)
        };
        let tokens = index(b, tokens);
        let x = b.op(Op::Embedding, &[tokens, p[0]]);
        let h = b.op(Op::RmsNorm { eps: Lit::F(1e-5), weight: Flag::Yes }, &[x, p[1]]);
        let qkv = b.op(Op::Linear { bias: Flag::Yes }, &[h, p[2], p[3]]);
        let e = thunder_core::types::Extent::new;
        let [q, k, v] = [0, 1, 2].map(|i| {
            let part = b.op(Op::Chunk { n: e(3), axis: Axis(-1), index: e(i) }, &[qkv]);
            let part = b.op(Op::Reshape { shape: thunder_core::types::Shape::of(&[4, 2, 3]) }, &[part]);
            b.op(Op::Transpose { a: Axis(0), b: Axis(1) }, &[part])
        });
        let y = b.op(Op::Sdpa { causal: Causal::Equal, scale: None, mask: Flag::No }, &[q, k, v]);
        let y = b.op(Op::Transpose { a: Axis(0), b: Axis(1) }, &[y]);
        let y = b.op(Op::Reshape { shape: thunder_core::types::Shape::of(&[4, 6]) }, &[y]);
        let y = b.op(Op::Linear { bias: Flag::No }, &[y, p[4]]);
        let y = b.op(Op::Gelu { tanh: Flag::Yes }, &[y]);
        let x = b.add(x, y);
        let x =
            b.op(Op::LayerNorm { eps: Lit::F(1e-5), weight: Flag::Yes, bias: Flag::Yes }, &[x, p[5], p[6]]);
        let logits = b.op(Op::Linear { bias: Flag::No }, &[x, p[0]]);
        let targets = index(b, targets);
        let loss = Op::CrossEntropy {
            ignore_index: Some(Lit::I(-100)),
            label_smoothing: Lit::F(0.1),
            reduction: Reduction::Mean,
        };
        vec![b.op(loss, &[logits, targets])]
    };
    let plain = build(&types, |b, p| f(b, p));
    let trace = build(&types, |b, p| grad(b, p, f));
    let trace = differentiated("block", trace);
    let x: Vec<Array> = types.iter().enumerate().map(|(i, t)| random(&t.sizes(), 10 + i as u64)).collect();
    let d = direction(&x, &mut Random(9));
    let out = eval(&trace, &x);
    let want = difference(&|x| eval(&plain, x), &x, &d)[0].data[0];
    let got = dot(&out[1..], &d);
    assert!((got - want).abs() < 1e-8, "{got} and {want}");
    // Decomposed, and rounded as an executor would.
    let parts = checked("decomposed", decompose::run(trace.clone(), &|_, _| false));
    assert_close("decomposed", &eval(&parts, &x), &out, 1e-12);
}

/// The passes after differentiation, on the joint trace of every operation and its gradient.
#[test]
fn later_passes_keep_values_and_gradients() {
    for s in samples::all(F).into_iter().filter(|s| s.order > 0) {
        let (types, out) = (s.types(), s.result());
        let n = types.len();
        let trace = build(&[&types[..], &[out]].concat(), |b, p| {
            vjp(b, &p[..n], &p[n..], &|b, x| vec![b.op(s.op, x)])
        });
        let trace = differentiated(&s.name(), trace);
        let x = s.arrays(4);
        let ct = direction(&eval(&s.trace(), &x), &mut Random(4));
        let inputs = [&x[..], &ct[..]].concat();
        let want = eval(&trace, &inputs);
        let tidy = |t: Trace| {
            let t = checked("simplify", simplify::run(t));
            checked("dce", dce::run(checked("cse", cse::run(t))))
        };
        let whole = tidy(trace);
        let parts = tidy(checked("decompose", decompose::run(whole.clone(), &|_, _| false)));
        assert_close(&s.name(), &eval(&whole, &inputs), &want, 1e-12);
        assert_close(&s.name(), &eval(&parts, &inputs), &want, 1e-12);
    }
}

#[test]
fn a_concatenation_that_only_elementwise_work_reads_is_a_choice() {
    let cat = |b: &mut Builder, axis: i32, parts: &[Value]| b.op(Op::Cat { axis: Axis(axis) }, parts);
    let left = |trace: &Trace| count(trace, &|op| matches!(op, Op::Cat { .. }));
    let check = |what: &str, types: &[Ty], kept: usize, f: Function| {
        let trace = build(types, |b, p| f(b, p));
        let out = checked(what, blend::run(trace.clone()));
        assert_eq!(left(&out), kept, "{what}\n{out}");
        let x: Vec<Array> = types.iter().enumerate().map(|(i, t)| random(&t.sizes(), 3 + i as u64)).collect();
        assert_close(what, &eval(&out, &x), &eval(&trace, &x), 0.0);
    };
    let three = [ty(&[2, 3]), ty(&[2, 3]), ty(&[2, 3])];
    check("last axis", &three, 0, &|b, p| {
        let y = cat(b, 1, p);
        vec![b.square(y)]
    });
    check("first axis, through a view", &three, 0, &|b, p| {
        let y = cat(b, 0, p);
        let y = b.permute(y, &[1, 0]);
        vec![b.sum(y, &[1], false)]
    });
    check("one that is a result", &three, 1, &|b, p| {
        let y = cat(b, 1, p);
        vec![b.square(y), y]
    });
    check("one that a product reads", &[ty(&[2, 3]), ty(&[2, 3]), ty(&[6, 4])], 1, &|b, p| {
        let y = cat(b, 1, &p[..2]);
        vec![b.op(Op::Matmul, &[y, p[2]])]
    });
    let deep = [2; thunder_core::types::MAX_RANK];
    check("no dimension left for the part", &[ty(&deep), ty(&deep)], 1, &|b, p| {
        let y = cat(b, 1, p);
        vec![b.square(y)]
    });
    check("unequal parts", &[ty(&[2, 3]), ty(&[2, 1])], 1, &|b, p| {
        let y = cat(b, 1, p);
        vec![b.square(y)]
    });
}
