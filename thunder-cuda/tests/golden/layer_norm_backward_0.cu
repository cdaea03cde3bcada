// rows_sum_sum_div_sub_square_sum_div_add_rsqrt_mul_sum: 256 x 768 points
// rows | outer walk, split.x 64, thread 4 | inner serial 3, thread 32, vector 8 | rows in registers | 64 x 1 x 1 blocks of 128 threads, 4 a multiprocessor, 786432 bytes of scratch
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

extern "C" __global__ void __launch_bounds__(128, 4) rows_sum_sum_div_sub_square_sum_div_add_rsqrt_mul_sum(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    bf16* __restrict__ q2,
    double* scratch,
    Index rows,
    float k0,
    float k1)
{
    const unsigned lane = threadIdx.x % 32u;
    const unsigned group = threadIdx.x / 32u;
    float s2[24];
    #pragma unroll
    for (int k = 0; k < 24; ++k) s2[k] = 0;
    float s18[24];
    #pragma unroll
    for (int k = 0; k < 24; ++k) s18[k] = 0;
    for (Index base = (Index)blockIdx.x * 4u; base < rows; base += gridDim.x * 4u) {
        const bool live = base + group < rows;
        const Index row = live ? base + group : rows - 1u;
        Vec<bf16, 8> a0[3];                                                       // v4: bf16[256, 768]
        Vec<bf16, 8> a4[3];                                                       // v8: bf16[256, 768]
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            a0[k] = load<8>(p0 + row * 768u + col);
            a4[k] = load<8>(p1 + row * 768u + col);
        }
        float s6 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t4 = wide(a4[k].at[j]);
                const float t5 = t4;                                              // v9 = cast
                s6 = Sum::of(s6, (float)t5);
            }
        }
        const float t6 = (float)across<Sum, 32>(s6);
        const float t8 = t6 / k0;                                                 // v12 = div
        float s11 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t4 = wide(a4[k].at[j]);
                const float t5 = t4;                                              // v9 = cast
                const float t9 = t5 - t8;                                         // v13 = sub
                const float t10 = t9 * t9;                                        // v14 = square
                s11 = Sum::of(s11, (float)t10);
            }
        }
        const float t11 = (float)across<Sum, 32>(s11);
        const float t12 = t11 / k0;                                               // v16 = div
        const float t14 = t12 + k1;                                               // v18 = add
        const float t15 = rsqrtf(t14);                                            // v19 = rsqrt
        float s26 = 0;
        float s30 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            const Vec<bf16, 8> a20 = load<8>(p2 + col);                           // v24: bf16[768]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t1 = t0;                                              // v5 = cast
                const float t4 = wide(a4[k].at[j]);
                const float t5 = t4;                                              // v9 = cast
                const float t9 = t5 - t8;                                         // v13 = sub
                const float t16 = t9 * t15;                                       // v20 = mul
                const float t20 = wide(a20.at[j]);
                const float t21 = t20;                                            // v25 = cast
                const float t22 = t1 * t21;                                       // v26 = mul
                const float t23 = t22 * t15;                                      // v27 = mul
                const float t24 = -t23;                                           // v28 = neg
                const float t25 = t24 * t16;                                      // v29 = mul
                s26 = Sum::of(s26, (float)t25);
                s30 = Sum::of(s30, (float)t23);
            }
        }
        const float t26 = (float)across<Sum, 32>(s26);
        const float t30 = (float)across<Sum, 32>(s30);
        const float t27 = t26 / k0;                                               // v31 = div
        const float t31 = -t30;                                                   // v36 = neg
        const float t32 = t31 / k0;                                               // v37 = div
        if (live) {
            #pragma unroll
            for (int k = 0; k < 3; ++k) {
                const Index col = (k * 32u + lane) * 8u;
                const Vec<bf16, 8> a20 = load<8>(p2 + col);                       // v24: bf16[768]
                Vec<bf16, 8> v2;
                #pragma unroll
                for (int j = 0; j < 8; ++j) {
                    const float t0 = wide(a0[k].at[j]);
                    const float t1 = t0;                                          // v5 = cast
                    const float t4 = wide(a4[k].at[j]);
                    const float t5 = t4;                                          // v9 = cast
                    const float t9 = t5 - t8;                                     // v13 = sub
                    const float t16 = t9 * t15;                                   // v20 = mul
                    const float t17 = t1 * t16;                                   // v21 = mul
                    const float t20 = wide(a20.at[j]);
                    const float t21 = t20;                                        // v25 = cast
                    const float t22 = t1 * t21;                                   // v26 = mul
                    const float t23 = t22 * t15;                                  // v27 = mul
                    const float t28 = t27 * t16;                                  // v33 = mul
                    const float t29 = t28 + t23;                                  // v34 = add
                    const float t33 = t29 + t32;                                  // v39 = add
                    const float t34 = wide(as<bf16>(t33));                        // v40 = cast
                    v2.at[j] = as<bf16>(t34);
                    s2[k * 8u + j] = Sum::of(s2[k * 8u + j], (float)t1);
                    s18[k * 8u + j] = Sum::of(s18[k * 8u + j], (float)t17);
                }
                store(q2 + row * 768u + col, v2);
            }
        }
    }
    double* const cells2 = (double*)(scratch);
    __shared__ float part2[4][768];
    #pragma unroll
    for (int k = 0; k < 3; ++k) {
        const Index col = (k * 32u + lane) * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) part2[group][col + j] = s2[k * 8u + j];
    }
    __syncthreads();
    for (Index col = threadIdx.x; col < 768u; col += 128u) {
        double u2 = 0;
        #pragma unroll
        for (int g = 0; g < 4; ++g) u2 = Sum::of(u2, (double)part2[g][col]);
        cells2[(Index)blockIdx.x * 768u + col] = u2;
    }
    double* const cells18 = (double*)(scratch + (Index)gridDim.x * 768u);
    __syncthreads();
    #pragma unroll
    for (int k = 0; k < 3; ++k) {
        const Index col = (k * 32u + lane) * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) part2[group][col + j] = s18[k * 8u + j];
    }
    __syncthreads();
    for (Index col = threadIdx.x; col < 768u; col += 128u) {
        double u18 = 0;
        #pragma unroll
        for (int g = 0; g < 4; ++g) u18 = Sum::of(u18, (double)part2[g][col]);
        cells18[(Index)blockIdx.x * 768u + col] = u18;
    }
}
