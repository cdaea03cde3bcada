// rows_ne_sum: 256 x 1 points
// rows | outer grid.x 1 | inner thread 64, vector 4 | rows in registers | 1 x 1 x 1 blocks of 64 threads

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };
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

extern "C" __global__ void __launch_bounds__(64) rows_ne_sum(
    const long long* __restrict__ p0,
    bool* __restrict__ q0,
    float* __restrict__ q1,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    Vec<long long, 4> a0[1];                                                      // v2: i64[256, 1]
    {
        const Index col = lane * 4u;
        a0[0] = load<4>(p0 + col);
    }
    float s4 = 0;
    {
        const Index col = lane * 4u;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const long long t0 = wide(a0[0].at[j]);
            const bool t2 = t0 != (-100ll);                                       // v4 = ne
            const float t3 = (float)t2;                                           // v5 = cast
            s4 = Sum::of(s4, (float)t3);
        }
    }
    const float t4 = (float)across<Sum, 64>(s4);
    {
        const Index col = lane * 4u;
        Vec<bool, 4> v0;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const long long t0 = wide(a0[0].at[j]);
            const bool t2 = t0 != (-100ll);                                       // v4 = ne
            v0.at[j] = as<bool>(t2);
        }
        store(q0 + col, v0);
    }
    if (lane == 0) q1[0] = as<float>(t4);
}
