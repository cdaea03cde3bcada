"""Makes gpt_grads.safetensors: the loss and all the gradients of a small GPT, by JAX.

The architecture: token embedding plus learned position embedding, pre-norm blocks
(x + attn(ln_1(x)), then x + mlp(ln_2(x))), final layer norm, head tied to the token
embedding. No biases; layer norm has a weight only and eps 1e-5; causal attention with scale
1/sqrt(head size); MLP of 4 times the width with GELU in its erf form; mean cross-entropy.
2 layers, 2 heads, width 32, context 16, vocabulary 29, batch 3.

In the file:
  transformer.wte.weight [V, C], transformer.wpe.weight [T, C],
  transformer.h.{i}.ln_1.weight [C], transformer.h.{i}.attn.c_attn.weight [3C, C],
  transformer.h.{i}.attn.c_proj.weight [C, C], transformer.h.{i}.ln_2.weight [C],
  transformer.h.{i}.mlp.c_fc.weight [4C, C], transformer.h.{i}.mlp.c_proj.weight [C, 4C],
  transformer.ln_f.weight [C]   parameters, f32. A matrix is [out, in], used as x @ w.T;
                                c_attn's rows are those of q, then k, then v; within each,
                                head h owns the rows from h*C/heads up to (h+1)*C/heads
  tokens, targets [B, T]        int64
  loss []                       f32
  grad.<parameter>              f32, the loss's gradient; wte's sums both of its uses

The parameters are rounded to f32 first; loss and gradients are computed from those in f64
and rounded to f32 once, at the end. The script prints how far JAX's own f32 run lies from
that, which tells what tolerance a test can ask for.

Made with Python 3.11, jax 0.10.2, jaxlib 0.10.2, numpy 2.4.6, safetensors 0.8.0. To remake:
  python3 -m venv venv && venv/bin/pip install jax==0.10.2 numpy==2.4.6 safetensors==0.8.0
  venv/bin/python tests/goldens/gpt_grads.py
"""

import pathlib

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save_file

LAYERS, HEADS, C, T, V, B = 2, 2, 32, 16, 29, 3


def draw():
    rng = np.random.default_rng(0)
    shapes = {"transformer.wte.weight": (V, C), "transformer.wpe.weight": (T, C)}
    for i in range(LAYERS):
        h = f"transformer.h.{i}."
        shapes[h + "ln_1.weight"] = (C,)
        shapes[h + "attn.c_attn.weight"] = (3 * C, C)
        shapes[h + "attn.c_proj.weight"] = (C, C)
        shapes[h + "ln_2.weight"] = (C,)
        shapes[h + "mlp.c_fc.weight"] = (4 * C, C)
        shapes[h + "mlp.c_proj.weight"] = (C, 4 * C)
    shapes["transformer.ln_f.weight"] = (C,)
    params = {}
    for name, shape in shapes.items():
        x = rng.standard_normal(shape)
        params[name] = (1 + 0.1 * x if len(shape) == 1 else 0.2 * x).astype(np.float32)
    tokens = rng.integers(0, V, (B, T), dtype=np.int64)
    targets = rng.integers(0, V, (B, T), dtype=np.int64)
    return params, tokens, targets


def layer_norm(x, weight):
    x = x - x.mean(-1, keepdims=True)
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight


def attention(x, c_attn, c_proj):
    q, k, v = (y.reshape(B, T, HEADS, C // HEADS).transpose(0, 2, 1, 3)
               for y in jnp.split(x @ c_attn.T, 3, axis=-1))
    scores = q @ k.swapaxes(-1, -2) / (C // HEADS) ** 0.5
    scores = jnp.where(jnp.tril(jnp.ones((T, T), bool)), scores, -jnp.inf)
    y = jax.nn.softmax(scores, axis=-1) @ v
    return y.transpose(0, 2, 1, 3).reshape(B, T, C) @ c_proj.T


def loss_of(p, tokens, targets):
    p = {name.removeprefix("transformer."): w for name, w in p.items()}
    x = p["wte.weight"][tokens] + p["wpe.weight"]
    for i in range(LAYERS):
        h = f"h.{i}."
        x = x + attention(layer_norm(x, p[h + "ln_1.weight"]),
                          p[h + "attn.c_attn.weight"], p[h + "attn.c_proj.weight"])
        y = jax.nn.gelu(layer_norm(x, p[h + "ln_2.weight"]) @ p[h + "mlp.c_fc.weight"].T, approximate=False)
        x = x + y @ p[h + "mlp.c_proj.weight"].T
    logits = layer_norm(x, p["ln_f.weight"]) @ p["wte.weight"].T
    log_p = jax.nn.log_softmax(logits, axis=-1)
    return -jnp.take_along_axis(log_p, targets[..., None], axis=-1).mean()


def main():
    params, tokens, targets = draw()
    run = jax.jit(jax.value_and_grad(loss_of))

    def at(dtype):
        loss, grads = run({k: jnp.asarray(v, dtype) for k, v in params.items()}, tokens, targets)
        assert loss.dtype == dtype and all(g.dtype == dtype for g in grads.values())
        return np.asarray(loss), {k: np.asarray(g) for k, g in grads.items()}

    loss, grads = at(jnp.float64)
    loss32, grads32 = at(jnp.float32)
    print(f"loss {loss:.9f}, JAX in f32 differs by {abs(loss32 - loss):.2e}")
    worst = max(grads, key=lambda k: np.abs(grads32[k] - grads[k]).max())
    print(f"gradients: largest |g| {max(np.abs(g).max() for g in grads.values()):.4f}, "
          f"JAX in f32 differs by at most {np.abs(grads32[worst] - grads[worst]).max():.2e} ({worst})")

    tensors = dict(params, tokens=tokens, targets=targets, loss=loss.astype(np.float32))
    tensors |= {"grad." + k: g.astype(np.float32) for k, g in grads.items()}
    tensors = {k: np.array(v, order="C") for k, v in tensors.items()}
    path = pathlib.Path(__file__).with_suffix(".safetensors")
    save_file(tensors, path)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(tensors)} tensors")


main()
