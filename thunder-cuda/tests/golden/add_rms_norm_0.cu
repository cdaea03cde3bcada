// rows_add_square_sum_div_add_rsqrt_mul_mul: 256 x 4096 points
// rows | outer grid.x 256 | inner thread 512, vector 8 | rows in registers | 256 x 1 x 1 blocks of 512 threads
// k0 = 4096.0
// k1 = 1e-5

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

extern "C" __global__ void __launch_bounds__(512) rows_add_square_sum_div_add_rsqrt_mul_mul(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    Vec<bf16, 8> a0[1];                                                           // v3: bf16[256, 4096]
    Vec<bf16, 8> a1[1];                                                           // v4: bf16[256, 4096]
    {
        const Index col = lane * 8u;
        a0[0] = load<8>(p0 + row * 4096u + col);
        a1[0] = load<8>(p1 + row * 4096u + col);
    }
    float s5 = 0;
    {
        const Index col = lane * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            const float t0 = wide(a0[0].at[j]);
            const float t1 = wide(a1[0].at[j]);
            const float t2 = t0 + t1;                                             // v5 = add
            const float t3 = t2;                                                  // v6 = cast
            const float t4 = t3 * t3;                                             // v7 = square
            s5 = Sum::of(s5, (float)t4);
        }
    }
    const float t5 = (float)across<Sum, 512>(s5);
    const float t7 = t5 / k0;                                                     // v10 = div
    const float t9 = t7 + k1;                                                     // v12 = add
    const float t10 = rsqrtf(t9);                                                 // v13 = rsqrt
    {
        const Index col = lane * 8u;
        const Vec<bf16, 8> a12 = load<8>(p2 + col);                               // v15: bf16[4096]
        Vec<bf16, 8> v0;
        Vec<bf16, 8> v1;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            const float t0 = wide(a0[0].at[j]);
            const float t1 = wide(a1[0].at[j]);
            const float t2 = t0 + t1;                                             // v5 = add
            const float t3 = t2;                                                  // v6 = cast
            const float t11 = t3 * t10;                                           // v14 = mul
            const float t12 = wide(a12.at[j]);
            const float t13 = t12;                                                // v16 = cast
            const float t14 = t11 * t13;                                          // v17 = mul
            const float t15 = wide(as<bf16>(t14));                                // v18 = cast
            v0.at[j] = as<bf16>(t2);
            v1.at[j] = as<bf16>(t15);
        }
        store(q0 + row * 4096u + col, v0);
        store(q1 + row * 4096u + col, v1);
    }
}
