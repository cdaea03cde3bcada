// rows_add_add_square_sum_div_add_rsqrt_mul_sum_mul_neg: 256 x 4096 points
// rows | outer walk, split.x 256 | inner serial 2, thread 256, vector 8 | rows in registers | 256 x 1 x 1 blocks of 256 threads, 2 a multiprocessor, 8388608 bytes of scratch
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

extern "C" __global__ void __launch_bounds__(256, 2) rows_add_add_square_sum_div_add_rsqrt_mul_sum_mul_neg(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    const bf16* __restrict__ p3,
    const bf16* __restrict__ p4,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    double* scratch,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x;
    float s17[16];
    #pragma unroll
    for (int k = 0; k < 16; ++k) s17[k] = 0;
    for (Index row = (Index)blockIdx.x; row < rows; row += gridDim.x) {
        Vec<bf16, 8> a0[2];                                                       // v5: bf16[256, 4096]
        Vec<bf16, 8> a2[2];                                                       // v7: bf16[256, 4096]
        Vec<bf16, 8> a3[2];                                                       // v8: bf16[256, 4096]
        Vec<bf16, 8> a19[2];                                                      // v24: bf16[256, 4096]
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            a0[k] = load<8>(p0 + row * 4096u + col);
            a2[k] = load<8>(p1 + row * 4096u + col);
            a3[k] = load<8>(p2 + row * 4096u + col);
            a19[k] = load<8>(p3 + row * 4096u + col);
        }
        float s9 = 0;
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t6 = t2 + t3;                                         // v11 = add
                const float t7 = t6;                                              // v12 = cast
                const float t8 = t7 * t7;                                         // v13 = square
                s9 = Sum::of(s9, (float)t8);
            }
        }
        const float t9 = (float)across<Sum, 256>(s9);
        const float t11 = t9 / k0;                                                // v16 = div
        const float t13 = t11 + k1;                                               // v18 = add
        const float t14 = rsqrtf(t13);                                            // v19 = rsqrt
        float s28 = 0;
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            const Vec<bf16, 8> a21 = load<8>(p4 + col);                           // v26: bf16[4096]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t6 = t2 + t3;                                         // v11 = add
                const float t7 = t6;                                              // v12 = cast
                const float t20 = t0;                                             // v25 = cast
                const float t21 = wide(a21.at[j]);
                const float t22 = t21;                                            // v27 = cast
                const float t23 = t20 * t22;                                      // v28 = mul
                const float t24 = t23 * t14;                                      // v29 = mul
                const float t25 = -t24;                                           // v30 = neg
                const float t26 = t7 * t14;                                       // v31 = mul
                const float t27 = t25 * t26;                                      // v32 = mul
                s28 = Sum::of(s28, (float)t27);
            }
        }
        const float t28 = (float)across<Sum, 256>(s28);
        const float t29 = t28 / k0;                                               // v34 = div
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            const Vec<bf16, 8> a21 = load<8>(p4 + col);                           // v26: bf16[4096]
            Vec<bf16, 8> v1;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v6 = cast
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t4 = t2 + t3;                                         // v9 = add
                const float t5 = t4;                                              // v10 = cast
                const float t6 = t2 + t3;                                         // v11 = add
                const float t7 = t6;                                              // v12 = cast
                const float t15 = t5 * t14;                                       // v20 = mul
                const float t16 = t1 * t15;                                       // v21 = mul
                const float t19 = wide(a19[k].at[j]);
                const float t20 = t0;                                             // v25 = cast
                const float t21 = wide(a21.at[j]);
                const float t22 = t21;                                            // v27 = cast
                const float t23 = t20 * t22;                                      // v28 = mul
                const float t24 = t23 * t14;                                      // v29 = mul
                const float t26 = t7 * t14;                                       // v31 = mul
                const float t30 = t29 * t26;                                      // v36 = mul
                const float t31 = t24 + t30;                                      // v37 = add
                const float t32 = wide(as<bf16>(t31));                            // v38 = cast
                const float t33 = t19 + t32;                                      // v39 = add
                v1.at[j] = as<bf16>(t33);
                s17[k * 8u + j] = Sum::of(s17[k * 8u + j], (float)t16);
            }
            store(q1 + row * 4096u + col, v1);
        }
    }
    double* const r17 = (double*)(scratch);
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 256u + lane) * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            r17[(Index)blockIdx.x * 4096u + (col + j)] = (double)s17[k * 8u + j];
        }
    }
}
