"""Makes ops.safetensors: values and gradients of single operations, by JAX.

For each operation the file has its inputs <op>.in0, <op>.in1, ..., its value <op>.out, a
random cotangent <op>.ct of the value's shape, and for each float input N the gradient
<op>.gradN of sum(out * ct). Floats are f32, indices int64. A backward pass is to be seeded
with ct, or run from sum(out * ct).

  softmax, log_softmax    in0 [4, 5, 7]; over the last axis
  softmax_axis1           in0 [4, 5, 7]; over axis 1
  layer_norm              in0 [6, 33], in1 weight [33], in2 bias [33]; eps 1e-5
  rms_norm                in0 [6, 33], in1 weight [33]; x / sqrt(mean(x^2) + 1e-5) * weight
  gelu_erf, gelu_tanh, silu   in0 [6, 33]; values of up to about 12 on either side
  cross_entropy           in0 logits [10, 7], in1 targets [10]; out [], the mean over the
                          targets which are not -100 (3 of the 10 are: rows 1, 4 and 9)
  embedding               in0 table [11, 6], in1 indices [3, 5]; some rows are repeated and
                          some never used, whose gradient is zero
  attention               in0 q, in1 k, in2 v, each [2, 2, 9, 8] (batch, heads, time, size);
                          causal, scale 1/sqrt(8)

The inputs are rounded to f32 first; values and gradients are computed from those in f64 and
rounded to f32 once, at the end.

Made with Python 3.11, jax 0.10.2, jaxlib 0.10.2, numpy 2.4.6, safetensors 0.8.0. To remake:
  python3 -m venv venv && venv/bin/pip install jax==0.10.2 numpy==2.4.6 safetensors==0.8.0
  venv/bin/python tests/goldens/ops.py
"""

import pathlib

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save_file

EPS = 1e-5
rng = np.random.default_rng(1)


def normal(*shape, scale=1.0, shift=0.0):
    return (shift + scale * rng.standard_normal(shape)).astype(np.float32)


def layer_norm(x, weight, bias):
    x = x - x.mean(-1, keepdims=True)
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight + bias


def rms_norm(x, weight):
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight


def cross_entropy(logits, targets):
    kept = targets != -100
    log_p = jax.nn.log_softmax(logits, axis=-1)
    picked = jnp.take_along_axis(log_p, jnp.where(kept, targets, 0)[:, None], axis=-1)[:, 0]
    return -jnp.where(kept, picked, 0).sum() / kept.sum()


def attention(q, k, v):
    t, size = q.shape[-2:]
    scores = q @ k.swapaxes(-1, -2) / size**0.5
    scores = jnp.where(jnp.tril(jnp.ones((t, t), bool)), scores, -jnp.inf)
    return jax.nn.softmax(scores, axis=-1) @ v


targets = rng.integers(0, 7, 10, dtype=np.int64)
targets[[1, 4, 9]] = -100
indices = np.array([[0, 3, 3, 10, 1], [3, 7, 0, 0, 10], [2, 2, 8, 3, 1]], np.int64)

OPS = {
    "softmax": (lambda x: jax.nn.softmax(x, axis=-1), normal(4, 5, 7, scale=2)),
    "softmax_axis1": (lambda x: jax.nn.softmax(x, axis=1), normal(4, 5, 7, scale=2)),
    "log_softmax": (lambda x: jax.nn.log_softmax(x, axis=-1), normal(4, 5, 7, scale=2)),
    "layer_norm": (layer_norm, normal(6, 33, scale=2, shift=1), normal(33, shift=1, scale=0.3), normal(33)),
    "rms_norm": (rms_norm, normal(6, 33, scale=2, shift=1), normal(33, shift=1, scale=0.3)),
    "gelu_erf": (lambda x: jax.nn.gelu(x, approximate=False), normal(6, 33, scale=4)),
    "gelu_tanh": (lambda x: jax.nn.gelu(x, approximate=True), normal(6, 33, scale=4)),
    "silu": (jax.nn.silu, normal(6, 33, scale=4)),
    "cross_entropy": (cross_entropy, normal(10, 7, scale=2), targets),
    "embedding": (lambda table, i: table[i], normal(11, 6), indices),
    "attention": (attention, normal(2, 2, 9, 8), normal(2, 2, 9, 8), normal(2, 2, 9, 8)),
}


def main():
    tensors = {}
    for op, (f, *inputs) in OPS.items():
        wide = [jnp.asarray(x, jnp.float64) if x.dtype == np.float32 else jnp.asarray(x) for x in inputs]
        floats = [i for i, x in enumerate(inputs) if x.dtype == np.float32]

        def of_floats(*xs):
            args = list(wide)
            for i, x in zip(floats, xs):
                args[i] = x
            return f(*args)

        out, pull = jax.vjp(of_floats, *(wide[i] for i in floats))
        assert out.dtype == jnp.float64
        ct = np.asarray(normal(*out.shape))
        grads = pull(jnp.asarray(ct, jnp.float64))
        for i, x in enumerate(inputs):
            tensors[f"{op}.in{i}"] = x
        tensors[f"{op}.out"] = np.asarray(out).astype(np.float32)
        tensors[f"{op}.ct"] = ct
        for i, g in zip(floats, grads):
            tensors[f"{op}.grad{i}"] = np.asarray(g).astype(np.float32)
    tensors = {k: np.array(v, order="C") for k, v in tensors.items()}
    assert all(np.isfinite(v).all() for v in tensors.values())
    path = pathlib.Path(__file__).with_suffix(".safetensors")
    save_file(tensors, path)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(tensors)} tensors")


main()
