#!/usr/bin/env bash
# Times one training step of the same small GPT with torch eager, torch.compile, candle and
# thunder, one after the other, and prints a table. See README.md beside this file.
#
#   PYTHON   a python that has torch        (default: python3)
#   STEPS    timed steps of each            (default: 200)
#   WARMUP   untimed steps before them      (default: 30)
#   THREADS  CPU threads                    (default: 2)
#   ONLY     which to run, of: torch candle thunder (default: all three)
#   MALLOC   'keep' has glibc's allocator keep freed memory, for all of them (the default);
#            'plain' leaves it as it is
#   CANDLE_TARGET_DIR   where candle's is built (default: target/train_step_candle)
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
steps=${STEPS:-200}
warmup=${WARMUP:-30}
threads=${THREADS:-2}
only=${ONLY:-torch candle thunder}
candle_target=${CANDLE_TARGET_DIR:-$root/target/train_step_candle}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
# glibc gives each large block back to the system when it is freed, and the next one costs page
# faults. Keeping the memory makes torch about 10% faster and candle about 25%, so all have it.
malloc=()
if [[ ${MALLOC:-keep} == keep ]]; then
    malloc=(MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=268435456)
fi
wants() { [[ " $only " == *" $1 "* ]]; }
# Build first, so that no build runs beside or just before a measurement.
if wants candle; then
    echo "== build candle's"
    RUSTFLAGS="${RUSTFLAGS:--C target-cpu=native}" CARGO_TARGET_DIR="$candle_target" \
        cargo build --release --locked --quiet --manifest-path "$here/candle/Cargo.toml" || exit 1
fi
if wants thunder; then
    echo "== build thunder's"
    (cd "$root" && cargo bench --quiet --bench train_step --no-run) || exit 1
fi
step() {
    echo "== $1 (load $(cut -d' ' -f1-3 /proc/loadavg))"
    shift
    env "${malloc[@]}" "$@" 2>&1 | tee -a "$log" || echo "# failed: $*"
}
args=(--steps "$steps" --warmup "$warmup" --threads "$threads")
wants torch && step "torch eager" "$python" "$here/torch_step.py" "${args[@]}" --variant eager
wants torch && step "torch.compile" "$python" "$here/torch_step.py" "${args[@]}" --variant compile
wants candle && step candle "$candle_target/release/candle_train_step" "${args[@]}"
wants thunder && cd "$root" && step thunder cargo bench --quiet --bench train_step

echo
echo "$(uname -sm), $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ *//'), $threads threads, load $(cut -d' ' -f1-3 /proc/loadavg)"
# A result is "NAME: 12.3 ms/step, 62,439 tokens/s"; all else is passed over.
awk '
    match($0, /^[^#][^:]*: [0-9.]+ ms\/step, [0-9,]+ tokens\/s/) {
        line = substr($0, RSTART, RLENGTH)
        at = index(line, ": ")
        n++
        name[n] = substr(line, 1, at - 1)
        split(substr(line, at + 2), part, / ms\/step, | tokens/)
        ms[n] = part[1] + 0
        rate[n] = part[2]
        if (n == 1 || ms[n] < best) best = ms[n]
    }
    END {
        if (!n) { print "no results"; exit 1 }
        printf "\n| %-28s | %9s | %10s | %8s |\n", "step", "ms/step", "tokens/s", "x best"
        printf "|%s|%s:|%s:|%s:|\n", "------------------------------", "----------", "-----------", "---------"
        for (i = 1; i <= n; i++)
            printf "| %-28s | %9.2f | %10s | %8.2f |\n", name[i], ms[i], rate[i], ms[i] / best
    }' "$log"
