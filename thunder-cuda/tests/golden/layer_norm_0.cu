// rows_sum_div_sub_square_sum_div_add_rsqrt_mul_mul_add: 256 x 768 points
// rows | outer grid.x 256 | inner serial 2, thread 64, vector 8 | rows in registers | 256 x 1 x 1 blocks of 64 threads
// k0 = 768.0
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

extern "C" __global__ void __launch_bounds__(64) rows_sum_div_sub_square_sum_div_add_rsqrt_mul_mul_add(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    bf16* __restrict__ q0,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    Vec<bf16, 8> a0[2];                                                           // v3: bf16[256, 768]
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) a0[k] = load<8>(p0 + row * 768u + col);
    }
    float s2 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v4 = cast
                s2 = Sum::of(s2, (float)t1);
            }
        }
    }
    const float t2 = (float)across<Sum, 64>(s2);
    const float t4 = t2 / k0;                                                     // v7 = div
    float s7 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v4 = cast
                const float t5 = t1 - t4;                                         // v8 = sub
                const float t6 = t5 * t5;                                         // v9 = square
                s7 = Sum::of(s7, (float)t6);
            }
        }
    }
    const float t7 = (float)across<Sum, 64>(s7);
    const float t8 = t7 / k0;                                                     // v11 = div
    const float t10 = t8 + k1;                                                    // v13 = add
    const float t11 = rsqrtf(t10);                                                // v14 = rsqrt
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            const Vec<bf16, 8> a13 = load<8>(p1 + col);                           // v16: bf16[768]
            const Vec<bf16, 8> a16 = load<8>(p2 + col);                           // v19: bf16[768]
            Vec<bf16, 8> v0;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v4 = cast
                const float t5 = t1 - t4;                                         // v8 = sub
                const float t12 = t5 * t11;                                       // v15 = mul
                const float t13 = wide(a13.at[j]);
                const float t14 = t13;                                            // v17 = cast
                const float t15 = t12 * t14;                                      // v18 = mul
                const float t16 = wide(a16.at[j]);
                const float t17 = t16;                                            // v20 = cast
                const float t18 = t15 + t17;                                      // v21 = add
                const float t19 = wide(as<bf16>(t18));                            // v22 = cast
                v0.at[j] = as<bf16>(t19);
            }
            store(q0 + row * 768u + col, v0);
        }
    }
}
