// rows_sum_div_sub_square_sum_div_add_rsqrt_mul_neg_mul: 256 x 768 points
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

extern "C" __global__ void __launch_bounds__(64) rows_sum_div_sub_square_sum_div_add_rsqrt_mul_neg_mul(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    float* __restrict__ q0,
    float* __restrict__ q1,
    bf16* __restrict__ q2,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x;
    const Index row = blockIdx.x;
    Vec<bf16, 8> a0[2];                                                           // v11: bf16[256, 768]
    Vec<bf16, 8> a12[2];                                                          // v23: bf16[256, 768]
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            a0[k] = load<8>(p0 + row * 768u + col);
            a12[k] = load<8>(p1 + row * 768u + col);
        }
    }
    float s2 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v12 = cast
                s2 = Sum::of(s2, (float)t1);
            }
        }
    }
    const float t2 = (float)across<Sum, 64>(s2);
    const float t4 = t2 / k0;                                                     // v15 = div
    float s7 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v12 = cast
                const float t5 = t1 - t4;                                         // v16 = sub
                const float t6 = t5 * t5;                                         // v17 = square
                s7 = Sum::of(s7, (float)t6);
            }
        }
    }
    const float t7 = (float)across<Sum, 64>(s7);
    const float t8 = t7 / k0;                                                     // v19 = div
    const float t10 = t8 + k1;                                                    // v21 = add
    const float t11 = rsqrtf(t10);                                                // v22 = rsqrt
    float s21 = 0;
    float s25 = 0;
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            const Vec<bf16, 8> a14 = load<8>(p2 + col);                           // v25: bf16[768]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v12 = cast
                const float t5 = t1 - t4;                                         // v16 = sub
                const float t12 = wide(a12[k].at[j]);
                const float t13 = t12;                                            // v24 = cast
                const float t14 = wide(a14.at[j]);
                const float t15 = t14;                                            // v26 = cast
                const float t16 = t13 * t15;                                      // v27 = mul
                const float t17 = t16 * t11;                                      // v28 = mul
                const float t18 = -t17;                                           // v29 = neg
                const float t19 = t5 * t11;                                       // v30 = mul
                const float t20 = t18 * t19;                                      // v31 = mul
                s21 = Sum::of(s21, (float)t20);
                s25 = Sum::of(s25, (float)t17);
            }
        }
    }
    const float t21 = (float)across<Sum, 64>(s21);
    const float t25 = (float)across<Sum, 64>(s25);
    const float t22 = t21 / k0;                                                   // v33 = div
    const float t26 = -t25;                                                       // v38 = neg
    const float t27 = t26 / k0;                                                   // v39 = div
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 64u + lane) * 8u;
        if (col < 768u) {
            const Vec<bf16, 8> a14 = load<8>(p2 + col);                           // v25: bf16[768]
            Vec<bf16, 8> v2;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v12 = cast
                const float t5 = t1 - t4;                                         // v16 = sub
                const float t12 = wide(a12[k].at[j]);
                const float t13 = t12;                                            // v24 = cast
                const float t14 = wide(a14.at[j]);
                const float t15 = t14;                                            // v26 = cast
                const float t16 = t13 * t15;                                      // v27 = mul
                const float t17 = t16 * t11;                                      // v28 = mul
                const float t19 = t5 * t11;                                       // v30 = mul
                const float t23 = t22 * t19;                                      // v35 = mul
                const float t24 = t23 + t17;                                      // v36 = add
                const float t28 = t24 + t27;                                      // v41 = add
                const float t29 = wide(as<bf16>(t28));                            // v42 = cast
                v2.at[j] = as<bf16>(t29);
            }
            store(q2 + row * 768u + col, v2);
        }
    }
    if (lane == 0) {
        q0[row] = as<float>(t4);
        q1[row] = as<float>(t11);
    }
}
