// rows_sum_sum_div: 256 x 1 points
// rows | outer grid.x 1, thread 4 | inner thread 32, vector 8 | rows in registers | 1 x 1 x 1 blocks of 128 threads

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

extern "C" __global__ void __launch_bounds__(128) rows_sum_sum_div(
    const float* __restrict__ p0,
    const bool* __restrict__ p1,
    bf16* __restrict__ q0,
    Index rows)
{
    const unsigned lane = threadIdx.x % 32u;
    const unsigned group = threadIdx.x / 32u;
    const Index mine = (Index)blockIdx.x * 4u + group;
    const Index row = mine < rows ? mine : rows - 1u;
    Vec<float, 8> a0[1];                                                          // v29: f32[256, 1]
    Vec<bool, 8> a2[1];                                                           // v31: bool[256, 1]
    {
        const Index col = lane * 8u;
        a0[0] = load<8>(p0 + col);
        a2[0] = load<8>(p1 + col);
    }
    float s1 = 0;
    float s4 = 0;
    {
        const Index col = lane * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            const float t0 = wide(a0[0].at[j]);
            const bool t2 = wide(a2[0].at[j]);
            const float t3 = (float)t2;                                           // v32 = cast
            s1 = Sum::of(s1, (float)t0);
            s4 = Sum::of(s4, (float)t3);
        }
    }
    const float t1 = (float)across<Sum, 32>(s1);
    const float t4 = (float)across<Sum, 32>(s4);
    const float t5 = t1 / t4;                                                     // v34 = div
    const float t6 = wide(as<bf16>(t5));                                          // v35 = cast
    if (lane == 0 && mine < rows) q0[0] = as<bf16>(t6);
}
