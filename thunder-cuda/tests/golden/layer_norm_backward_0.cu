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
    float s21[24];
    #pragma unroll
    for (int k = 0; k < 24; ++k) s21[k] = 0;
    for (Index base = (Index)blockIdx.x * 4u; base < rows; base += gridDim.x * 4u) {
        const bool live = base + group < rows;
        const Index row = live ? base + group : rows - 1u;
        Vec<bf16, 8> a0[3];                                                       // v4: bf16[256, 768]
        Vec<bf16, 8> a5[3];                                                       // v9: bf16[256, 768]
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            a0[k] = load<8>(p0 + row * 768u + col);
            a5[k] = load<8>(p1 + row * 768u + col);
        }
        float s8 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t5 = wide(a5[k].at[j]);
                const float t7 = t5;                                              // v11 = cast
                s8 = Sum::of(s8, (float)t7);
            }
        }
        const float t8 = (float)across<Sum, 32>(s8);
        const float t10 = t8 / k0;                                                // v14 = div
        float s14 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t5 = wide(a5[k].at[j]);
                const float t7 = t5;                                              // v11 = cast
                const float t12 = t7 - t10;                                       // v16 = sub
                const float t13 = t12 * t12;                                      // v17 = square
                s14 = Sum::of(s14, (float)t13);
            }
        }
        const float t14 = (float)across<Sum, 32>(s14);
        const float t15 = t14 / k0;                                               // v19 = div
        const float t17 = t15 + k1;                                               // v21 = add
        const float t18 = rsqrtf(t17);                                            // v22 = rsqrt
        float s31 = 0;
        float s35 = 0;
        #pragma unroll
        for (int k = 0; k < 3; ++k) {
            const Index col = (k * 32u + lane) * 8u;
            const Vec<bf16, 8> a24 = load<8>(p2 + col);                           // v28: bf16[768]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t5 = wide(a5[k].at[j]);
                const float t7 = t5;                                              // v11 = cast
                const float t12 = t7 - t10;                                       // v16 = sub
                const float t23 = t0;                                             // v27 = cast
                const float t24 = wide(a24.at[j]);
                const float t25 = t24;                                            // v29 = cast
                const float t26 = t23 * t25;                                      // v30 = mul
                const float t27 = t26 * t18;                                      // v31 = mul
                const float t28 = -t27;                                           // v32 = neg
                const float t29 = t12 * t18;                                      // v33 = mul
                const float t30 = t28 * t29;                                      // v34 = mul
                s31 = Sum::of(s31, (float)t30);
                s35 = Sum::of(s35, (float)t27);
            }
        }
        const float t31 = (float)across<Sum, 32>(s31);
        const float t35 = (float)across<Sum, 32>(s35);
        const float t32 = t31 / k0;                                               // v36 = div
        const float t36 = -t35;                                                   // v41 = neg
        const float t37 = t36 / k0;                                               // v42 = div
        if (live) {
            #pragma unroll
            for (int k = 0; k < 3; ++k) {
                const Index col = (k * 32u + lane) * 8u;
                const Vec<bf16, 8> a24 = load<8>(p2 + col);                       // v28: bf16[768]
                Vec<bf16, 8> v2;
                #pragma unroll
                for (int j = 0; j < 8; ++j) {
                    const float t0 = wide(a0[k].at[j]);
                    const float t1 = t0;                                          // v5 = cast
                    const float t4 = t0;                                          // v8 = cast
                    const float t5 = wide(a5[k].at[j]);
                    const float t6 = t5;                                          // v10 = cast
                    const float t7 = t5;                                          // v11 = cast
                    const float t11 = t6 - t10;                                   // v15 = sub
                    const float t12 = t7 - t10;                                   // v16 = sub
                    const float t19 = t11 * t18;                                  // v23 = mul
                    const float t20 = t4 * t19;                                   // v24 = mul
                    const float t23 = t0;                                         // v27 = cast
                    const float t24 = wide(a24.at[j]);
                    const float t25 = t24;                                        // v29 = cast
                    const float t26 = t23 * t25;                                  // v30 = mul
                    const float t27 = t26 * t18;                                  // v31 = mul
                    const float t29 = t12 * t18;                                  // v33 = mul
                    const float t33 = t32 * t29;                                  // v38 = mul
                    const float t34 = t33 + t27;                                  // v39 = add
                    const float t38 = t34 + t37;                                  // v44 = add
                    const float t39 = wide(as<bf16>(t38));                        // v45 = cast
                    v2.at[j] = as<bf16>(t39);
                    s2[k * 8u + j] = Sum::of(s2[k * 8u + j], (float)t1);
                    s21[k * 8u + j] = Sum::of(s21[k * 8u + j], (float)t20);
                }
                store(q2 + row * 768u + col, v2);
            }
        }
    }
    double* const r2 = (double*)(scratch);
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
        r2[(Index)blockIdx.x * 768u + col] = u2;
    }
    double* const r21 = (double*)(scratch + (Index)gridDim.x * 768u);
    __syncthreads();
    #pragma unroll
    for (int k = 0; k < 3; ++k) {
        const Index col = (k * 32u + lane) * 8u;
        #pragma unroll
        for (int j = 0; j < 8; ++j) part2[group][col + j] = s21[k * 8u + j];
    }
    __syncthreads();
    for (Index col = threadIdx.x; col < 768u; col += 128u) {
        double u21 = 0;
        #pragma unroll
        for (int g = 0; g < 4; ++g) u21 = Sum::of(u21, (double)part2[g][col]);
        r21[(Index)blockIdx.x * 768u + col] = u21;
    }
}
