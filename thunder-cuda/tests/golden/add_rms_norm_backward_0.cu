// rows_add_square_sum_div_add_rsqrt_mul_sum_mul_neg_mul: 256 x 4096 points
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

extern "C" __global__ void __launch_bounds__(256, 2) rows_add_square_sum_div_add_rsqrt_mul_sum_mul_neg_mul(
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
    float s15[16];
    #pragma unroll
    for (int k = 0; k < 16; ++k) s15[k] = 0;
    for (Index row = (Index)blockIdx.x; row < rows; row += gridDim.x) {
        Vec<bf16, 8> a0[2];                                                       // v5: bf16[256, 4096]
        Vec<bf16, 8> a2[2];                                                       // v7: bf16[256, 4096]
        Vec<bf16, 8> a3[2];                                                       // v8: bf16[256, 4096]
        Vec<bf16, 8> a17[2];                                                      // v22: bf16[256, 4096]
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            a0[k] = load<8>(p0 + row * 4096u + col);
            a2[k] = load<8>(p1 + row * 4096u + col);
            a3[k] = load<8>(p2 + row * 4096u + col);
            a17[k] = load<8>(p3 + row * 4096u + col);
        }
        float s7 = 0;
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t4 = t2 + t3;                                         // v9 = add
                const float t5 = t4;                                              // v10 = cast
                const float t6 = t5 * t5;                                         // v11 = square
                s7 = Sum::of(s7, (float)t6);
            }
        }
        const float t7 = (float)across<Sum, 256>(s7);
        const float t9 = t7 / k0;                                                 // v14 = div
        const float t11 = t9 + k1;                                                // v16 = add
        const float t12 = rsqrtf(t11);                                            // v17 = rsqrt
        float s24 = 0;
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            const Vec<bf16, 8> a18 = load<8>(p4 + col);                           // v23: bf16[4096]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v6 = cast
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t4 = t2 + t3;                                         // v9 = add
                const float t5 = t4;                                              // v10 = cast
                const float t13 = t5 * t12;                                       // v18 = mul
                const float t18 = wide(a18.at[j]);
                const float t19 = t18;                                            // v24 = cast
                const float t20 = t1 * t19;                                       // v25 = mul
                const float t21 = t20 * t12;                                      // v26 = mul
                const float t22 = -t21;                                           // v27 = neg
                const float t23 = t22 * t13;                                      // v28 = mul
                s24 = Sum::of(s24, (float)t23);
            }
        }
        const float t24 = (float)across<Sum, 256>(s24);
        const float t25 = t24 / k0;                                               // v30 = div
        #pragma unroll
        for (int k = 0; k < 2; ++k) {
            const Index col = (k * 256u + lane) * 8u;
            const Vec<bf16, 8> a18 = load<8>(p4 + col);                           // v23: bf16[4096]
            Vec<bf16, 8> v1;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v6 = cast
                const float t2 = wide(a2[k].at[j]);
                const float t3 = wide(a3[k].at[j]);
                const float t4 = t2 + t3;                                         // v9 = add
                const float t5 = t4;                                              // v10 = cast
                const float t13 = t5 * t12;                                       // v18 = mul
                const float t14 = t1 * t13;                                       // v19 = mul
                const float t17 = wide(a17[k].at[j]);
                const float t18 = wide(a18.at[j]);
                const float t19 = t18;                                            // v24 = cast
                const float t20 = t1 * t19;                                       // v25 = mul
                const float t21 = t20 * t12;                                      // v26 = mul
                const float t26 = t25 * t13;                                      // v32 = mul
                const float t27 = t21 + t26;                                      // v33 = add
                const float t28 = wide(as<bf16>(t27));                            // v34 = cast
                const float t29 = t17 + t28;                                      // v35 = add
                v1.at[j] = as<bf16>(t29);
                s15[k * 8u + j] = Sum::of(s15[k * 8u + j], (float)t14);
            }
            store(q1 + row * 4096u + col, v1);
        }
    }
    double* const cells15 = (double*)(scratch);
    #pragma unroll
    for (int k = 0; k < 2; ++k) {
        const Index col = (k * 256u + lane) * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) {
            cells15[(Index)blockIdx.x * 4096u + (col + j)] = (double)s15[k * 8u + j];
        }
    }
}
