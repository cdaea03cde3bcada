// rows_sum_div_sub_square_sum_div_add_rsqrt_mul_mul_neg: 256 x 768 points
// k0 = 768.0
// k1 = 9.999999747378752e-6

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

extern "C" __global__ void __launch_bounds__(64) rows_sum_div_sub_square_sum_div_add_rsqrt_mul_mul_neg(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    float* __restrict__ q0,
    bf16* __restrict__ q1,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x;
    const Index row = blockIdx.x;
    Vec<bf16, 8> a0[2];                                                           // v9: bf16[256, 768]
    Vec<bf16, 8> a2[2];                                                           // v11: bf16[256, 768]
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            a0[k] = load<8>(p0 + row * 768u + col);
            a2[k] = load<8>(p1 + row * 768u + col);
        }
    }
    float s5 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t2 = wide(a2[k].at[j]);
                const float t4 = t2;                                              // v13 = cast
                s5 = Sum::of(s5, (float)t4);
            }
        }
    }
    const float t5 = (float)across<Sum, 64>(s5);
    const float t7 = t5 / k0;                                                     // v16 = div
    float s11 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t2 = wide(a2[k].at[j]);
                const float t4 = t2;                                              // v13 = cast
                const float t9 = t4 - t7;                                         // v18 = sub
                const float t10 = t9 * t9;                                        // v19 = square
                s11 = Sum::of(s11, (float)t10);
            }
        }
    }
    const float t11 = (float)across<Sum, 64>(s11);
    const float t12 = t11 / k0;                                                   // v21 = div
    const float t14 = t12 + k1;                                                   // v23 = add
    const float t15 = rsqrtf(t14);                                                // v24 = rsqrt
    float s26 = 0;
    float s30 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            const Vec<bf16, 8> a19 = load<8>(p2 + col);                           // v28: bf16[768]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t2 = wide(a2[k].at[j]);
                const float t4 = t2;                                              // v13 = cast
                const float t9 = t4 - t7;                                         // v18 = sub
                const float t18 = t0;                                             // v27 = cast
                const float t19 = wide(a19.at[j]);
                const float t20 = t19;                                            // v29 = cast
                const float t21 = t18 * t20;                                      // v30 = mul
                const float t22 = t21 * t15;                                      // v31 = mul
                const float t23 = -t22;                                           // v32 = neg
                const float t24 = t9 * t15;                                       // v33 = mul
                const float t25 = t23 * t24;                                      // v34 = mul
                s26 = Sum::of(s26, (float)t25);
                s30 = Sum::of(s30, (float)t22);
            }
        }
    }
    const float t26 = (float)across<Sum, 64>(s26);
    const float t30 = (float)across<Sum, 64>(s30);
    const float t27 = t26 / k0;                                                   // v36 = div
    const float t31 = -t30;                                                       // v41 = neg
    const float t32 = t31 / k0;                                                   // v42 = div
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            const Vec<bf16, 8> a19 = load<8>(p2 + col);                           // v28: bf16[768]
            Vec<float, 8> v0;
            Vec<bf16, 8> v1;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v10 = cast
                const float t2 = wide(a2[k].at[j]);
                const float t3 = t2;                                              // v12 = cast
                const float t4 = t2;                                              // v13 = cast
                const float t8 = t3 - t7;                                         // v17 = sub
                const float t9 = t4 - t7;                                         // v18 = sub
                const float t16 = t8 * t15;                                       // v25 = mul
                const float t17 = t1 * t16;                                       // v26 = mul
                const float t18 = t0;                                             // v27 = cast
                const float t19 = wide(a19.at[j]);
                const float t20 = t19;                                            // v29 = cast
                const float t21 = t18 * t20;                                      // v30 = mul
                const float t22 = t21 * t15;                                      // v31 = mul
                const float t24 = t9 * t15;                                       // v33 = mul
                const float t28 = t27 * t24;                                      // v38 = mul
                const float t29 = t28 + t22;                                      // v39 = add
                const float t33 = t29 + t32;                                      // v44 = add
                const float t34 = wide(as<bf16>(t33));                            // v45 = cast
                v0.at[j] = as<float>(t17);
                v1.at[j] = as<bf16>(t34);
            }
            store(q0 + row * 768u + col, v0);
            store(q1 + row * 768u + col, v1);
        }
    }
}
