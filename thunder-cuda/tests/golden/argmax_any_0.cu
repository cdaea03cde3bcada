// argmax: 256 points

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
// Whether x comes before y in the order of greatness, or of littleness; NaN comes first.
template <bool Greatest, class T> __device__ __forceinline__ bool beats(T x, T y) {
    return y == y && (x != x || (Greatest ? x > y : x < y));
}
// Takes x, which stands at `place`, for the best so far if it is; of equals, the first.
template <bool Greatest, class T, class X>
__device__ __forceinline__ void best_of(T& best, long long& at, X element, long long place) {
    const T x = element;
    if (place >= 0 && (at < 0 || beats<Greatest>(x, best) || (!beats<Greatest>(best, x) && place < at))) {
        best = x;
        at = place;
    }
}

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) argmax(
    const float* p0,
    long long* q0,
    Index count)
{
    const unsigned lane = threadIdx.x % 32u;
    const Index mine = (Index)blockIdx.x * 8u + threadIdx.x / 32u;
    const Index i = mine < count ? mine : count - 1u;
    const Index c0 = i;
    float best = 0;
    long long at = -1ll;
    for (Index k = lane; k < 50u; k += 32u) {
        best_of<true>(best, at, wide(p0[c0 * 50u + k]), (long long)k);
    }
    best_of<true>(best, at, __shfl_xor_sync(0xffffffffu, best, 16), __shfl_xor_sync(0xffffffffu, at, 16));
    best_of<true>(best, at, __shfl_xor_sync(0xffffffffu, best, 8), __shfl_xor_sync(0xffffffffu, at, 8));
    best_of<true>(best, at, __shfl_xor_sync(0xffffffffu, best, 4), __shfl_xor_sync(0xffffffffu, at, 4));
    best_of<true>(best, at, __shfl_xor_sync(0xffffffffu, best, 2), __shfl_xor_sync(0xffffffffu, at, 2));
    best_of<true>(best, at, __shfl_xor_sync(0xffffffffu, best, 1), __shfl_xor_sync(0xffffffffu, at, 1));
    if (lane == 0 && mine < count) q0[i] = at;
}
