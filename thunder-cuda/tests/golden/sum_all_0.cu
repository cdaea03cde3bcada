// rows_square_sum: 256 x 4096 points
// rows | outer grid.y 1 | inner walk, split.x 128, thread 512, vector 4 | sums in f64 | 128 x 1 x 1 blocks of 512 threads, 1024 bytes of scratch, 1 counters

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
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

extern "C" __global__ void __launch_bounds__(512) rows_square_sum(
    const float* __restrict__ p0,
    float* __restrict__ q0,
    double* scratch,
    unsigned* counters,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.y;
    double s2 = 0;
    #pragma unroll 4
    for (Index col = ((Index)blockIdx.x * 512u + lane) * 4u; col < 1048576u; col += gridDim.x * 2048u) {
        const Vec<float, 4> a0 = load<4>(p0 + col);                               // v1: f32[256, 4096]
        float u2 = 0;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const float t0 = wide(a0.at[j]);
            const float t1 = t0 * t0;                                             // v2 = square
            u2 = Sum::of(u2, t1);
        }
        s2 = Sum::of(s2, (double)u2);
    }
    s2 = across<Sum, 512>(s2);
    double* const cells2 = (double*)(scratch);
    if (lane == 0) cells2[row * 128u + blockIdx.x] = s2;
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&counters[row], 1u) == gridDim.x - 1u;
    __syncthreads();
    if (!last) return;
    __threadfence();
    if (threadIdx.x == 0) counters[row] = 0;
    s2 = 0;
    for (unsigned b = lane; b < 128u; b += 512u) {
        s2 = Sum::of(s2, __ldcg(cells2 + row * 128u + b));
    }
    const float t2 = (float)across<Sum, 512>(s2);
    if (lane == 0) q0[0] = as<float>(t2);
}
