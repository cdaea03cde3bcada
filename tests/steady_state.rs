//! In the steady state a call allocates no memory for tensors: blocks and arenas are reused. Only short lists are allocated,
//! whose size does not depend on the size of the tensors. (A matrix product's packing buffers are the `gemm`
//! crate's own, which makes and frees them in each product; so this step has none.) A test binary of its own, since it
//! counts what the whole process allocates.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use thunder::nn::LayerNorm;
use thunder::optim::{AdamW, clip_grad_norm};
use thunder::prelude::*;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[thunder]
fn train_step(
    model: LayerNorm<f32>,
    opt: AdamW<LayerNorm<f32>>,
    lr: &Scalar<f32>,
    x: &Tensor<f32, (B, C)>,
    key: Key,
) -> (LayerNorm<f32>, AdamW<LayerNorm<f32>>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&model, |m| {
        let y = m.forward(&x.dropout(0.1, key));
        (y.softmax(-1) - x.tanh()).square().mean(..)
    });
    let (grads, _norm) = clip_grad_norm(grads, 1.0);
    let (model, opt) = opt.update(model, grads, lr);
    (model, opt, loss)
}

/// The number and the bytes of the allocations in ten training steps on `rows` rows, after five warm-up steps.
fn ten_steps(rows: usize) -> (usize, usize) {
    let model = LayerNorm::new(256, true);
    let opt = AdamW::new(&model).unwrap();
    let x = Tensor::<f32, _>::randn((rows, 256), Key::new(1));
    let lr = Scalar::from(1e-3);
    let run = |n: usize, state: (LayerNorm<f32>, AdamW<LayerNorm<f32>>)| {
        (0..n).fold(state, |(model, opt), i| {
            let (model, opt, loss) = train_step(model, opt, &lr, &x, Key::new(9).fold_in(i));
            assert!(loss.item().is_finite());
            (model, opt)
        })
    };
    let state = run(5, (model, opt));
    let counted = Region::new(ALLOCATOR);
    let _state = run(10, state);
    let change = counted.change();
    (change.allocations + change.reallocations, change.bytes_allocated)
}

#[test]
fn a_step_allocates_short_lists_only() {
    for rows in [64, 4096] {
        let (count, bytes) = ten_steps(rows);
        // One tensor of the smaller step has 64 KiB. The thread pool may add a block of its queue.
        assert!(bytes < 10 * 4096, "{rows} rows: {count} allocations of {bytes} bytes in ten steps");
    }
}
