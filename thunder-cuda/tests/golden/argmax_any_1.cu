// rows_any: 256 x 50 points
// rows | outer grid.x 32, thread 8 | inner serial 2, thread 16, vector 2 | rows in registers | 32 x 1 x 1 blocks of 128 threads

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
struct Any { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x | y; } };
// The reduction of `x` over groups of T neighbouring threads, in every one of them.
template <class Op, int T, class A> __device__ __forceinline__ A across(A x) {
    #pragma unroll
    for (int d = (T < 32 ? T : 32) / 2; d > 0; d /= 2) x = Op::of(x, __shfl_xor_sync(0xffffffffu, x, d));
    if constexpr (T > 32) {
        // Aligned, or vector reads of it would touch its neighbours in shared memory.
        __shared__ alignas(16) A part[T / 32];
        __syncthreads();
        if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = x;
        __syncthreads();
        x = part[0];
        #pragma unroll
        for (int w = 1; w < T / 32; ++w) x = Op::of(x, part[w]);
    }
    return x;
}

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(128) rows_any(
    const bool* __restrict__ p0,
    bool* __restrict__ q0,
    Index rows)
{
    const unsigned lane = threadIdx.x % 16u;
    const unsigned group = threadIdx.x / 16u;
    const Index mine = (Index)blockIdx.x * 8u + group;
    const Index row = mine < rows ? mine : rows - 1u;
    Vec<bool, 2> a0[2];                                                           // v3: bool[256, 50]
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 16u + lane) * 2u;
        if (col < 50u) a0[k] = load<2>(p0 + row * 50u + col);
    }
    int s1 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 16u + lane) * 2u;
        if (col < 50u) {
            #pragma unroll
            for (int j = 0; j < 2; ++j) {
                const bool t0 = wide(a0[k].at[j]);
                s1 = Any::of(s1, (int)t0);
            }
        }
    }
    const bool t1 = (bool)across<Any, 16>(s1);
    if (lane == 0 && mine < rows) q0[row] = as<bool>(t1);
}
