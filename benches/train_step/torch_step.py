"""Times one whole training step of a small character GPT with PyTorch on the CPU.

The model is nanoGPT's published CPU recipe: 4 layers, 4 heads, width 128, context 64,
batch 12, vocabulary 65, no dropout, no biases, tied embedding, GELU in its erf form.
A step is: forward, loss, backward, clip of the global gradient norm to 1.0, AdamW.
Everything is f32. A batch is random tokens, drawn anew for each step, outside the clock.

Prints one line per variant, as in
    torch eager 2.15.0: 12.3 ms/step, 62,439 tokens/s
Lines that start with '#' are remarks.
"""

import argparse
import math
import os
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--steps", type=int, default=200, help="timed steps (default 200)")
parser.add_argument("--warmup", type=int, default=30, help="untimed steps before them (default 30)")
parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
parser.add_argument("--variant", choices=["eager", "compile", "both"], default="both")
parser.add_argument("--compile-mode", default="default",
                    help="torch.compile's mode (default, max-autotune-no-cudagraphs, ...)")
parser.add_argument("--optimizer", choices=["fused", "foreach", "faster"], default="faster",
                    help="AdamW's implementation; 'faster' times both in eager and keeps the faster")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(args.threads)
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, VOCAB = 4, 4, 128, 64, 12, 65


class LayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.c_proj = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, HEADS, c // HEADS).transpose(1, 2)
                   for y in self.c_attn(x).split(c, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(b, t, c))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x):
        return self.c_proj(self.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn = LayerNorm(WIDTH), Attention()
        self.ln_2, self.mlp = LayerNorm(WIDTH), Mlp()

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(VOCAB, WIDTH)
        self.wpe = nn.Embedding(CONTEXT, WIDTH)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = LayerNorm(WIDTH)
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                std = 0.02 / math.sqrt(2 * LAYERS) if name.endswith("c_proj.weight") else 0.02
                nn.init.normal_(p, mean=0.0, std=std)

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.h:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.view(-1, VOCAB), targets.view(-1))


def measure(compiled, optimizer):
    """Milliseconds of each timed step, and the last loss."""
    torch.manual_seed(args.seed)
    model = Gpt()
    params = list(model.parameters())
    groups = [
        {"params": [p for p in params if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in params if p.dim() < 2], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), eps=1e-8, **{optimizer: True})
    forward = torch.compile(model, mode=args.compile_mode, dynamic=False) if compiled else model

    def step(tokens, targets):
        loss = forward(tokens, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0, foreach=True)
        adamw.step()
        adamw.zero_grad(set_to_none=True)
        return loss.item()

    times = []
    for i in range(args.warmup + args.steps):
        batch = torch.randint(VOCAB, (BATCH, CONTEXT + 1))
        tokens, targets = batch[:, :-1].contiguous(), batch[:, 1:].contiguous()
        start = time.perf_counter()
        loss = step(tokens, targets)
        if i >= args.warmup:
            times.append(1e3 * (time.perf_counter() - start))
    return times, loss


def report(name, times, loss):
    ms = statistics.median(times)
    times = sorted(times)
    low, high = times[len(times) // 10], times[len(times) * 9 // 10]
    print(f"{name}: {ms:.2f} ms/step, {BATCH * CONTEXT * 1e3 / ms:,.0f} tokens/s")
    print(f"# {name}: middle 80% of the steps {low:.2f} to {high:.2f} ms, last loss {loss:.3f}", flush=True)


def main():
    torch.set_num_threads(args.threads)
    version = torch.__version__.split("+")[0]
    params = sum(p.numel() for p in Gpt().parameters())
    print(f"# torch {torch.__version__}, python {sys.version.split()[0]}, {args.threads} threads, "
          f"{params:,} parameters, {args.steps} steps after {args.warmup}", flush=True)

    optimizer = args.optimizer
    if args.variant != "compile" or optimizer == "faster":
        found = {o: measure(False, o) for o in (["fused", "foreach"] if optimizer == "faster" else [optimizer])}
        optimizer = min(found, key=lambda o: statistics.median(found[o][0]))
        for o, (times, _) in found.items():
            print(f"# eager with {o} AdamW: {statistics.median(times):.2f} ms/step")
        if args.variant != "compile":
            report(f"torch eager {version}", *found[optimizer])
    if args.variant != "eager":
        start = time.perf_counter()
        result = measure(True, optimizer)
        print(f"# compiled and ran in {time.perf_counter() - start:.0f} s, {optimizer} AdamW, mode {args.compile_mode}")
        report(f"torch.compile {version}", *result)


main()
