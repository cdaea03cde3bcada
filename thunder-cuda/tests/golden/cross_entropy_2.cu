// rows_sum_div: 256 x 1 points
// rows | outer grid.x 1 | inner thread 64, vector 4 | rows in registers | 1 x 1 x 1 blocks of 64 threads

struct bf16 { unsigned short bits; };
__device__ __forceinline__ float wide(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <> struct As<bf16> {
    __device__ __forceinline__ static bf16 of(float x) {
        bf16 y;
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
        return y;
    }
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

extern "C" __global__ void __launch_bounds__(64) rows_sum_div(
    const float* __restrict__ p0,
    const float* __restrict__ p1,
    bf16* __restrict__ q0,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    Vec<float, 4> a0[1];                                                          // v34: f32[256, 1]
    {
        const Index col = lane * 4u;
        a0[0] = load<4>(p0 + col);
    }
    const float t2 = wide(p1[0]);
    float s1 = 0;
    {
        const Index col = lane * 4u;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const float t0 = wide(a0[0].at[j]);
            s1 = Sum::of(s1, (float)t0);
        }
    }
    const float t1 = (float)across<Sum, 64>(s1);
    const float t3 = t1 / t2;                                                     // v37 = div
    const float t4 = wide(as<bf16>(t3));                                          // v38 = cast
    if (lane == 0) q0[0] = as<bf16>(t4);
}
