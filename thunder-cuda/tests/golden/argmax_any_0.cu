// argmax  (generated)

template <class T> __device__ __forceinline__ T wide(T x) { return x; }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) argmax(const float* p0, long long* q0, Index count)
{
    const unsigned lane = threadIdx.x % 32u;
    const Index i = (Index)blockIdx.x * 8u + threadIdx.x / 32u;
    if (i >= count) return;
    const Index c0 = i;
    const Index c1 = 0;
    float best = 0;
    long long at = -1;
    for (Index k = lane; k < 50u; k += 32u) {
        const float x = wide(p0[c0 * 50u + k]);
        if (at < 0 || (best == best && (x != x || x > best))) {
            best = x;
            at = k;
        }
    }
    #pragma unroll
    for (int d = 16; d > 0; d /= 2) {
        const float x = __shfl_xor_sync(0xffffffffu, best, d);
        const long long k = __shfl_xor_sync(0xffffffffu, at, d);
        const bool less = x == x && (best != best || best > x), more = best == best && (x != x || x > best);
        if (k >= 0 && (at < 0 || more || (!less && k < at))) {
            best = x;
            at = k;
        }
    }
    if (lane == 0) q0[i] = at;
}
