// rows_sum_div_mul_add_sum_neg_div_add: 256 x 768 points
// k0 = 768.0

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
        __shared__ A part[T / 32];
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

extern "C" __global__ void __launch_bounds__(128) rows_sum_div_mul_add_sum_neg_div_add(
    const float* __restrict__ p0,
    const float* __restrict__ p1,
    const float* __restrict__ p2,
    bf16* __restrict__ q0,
    Index rows,
    float k0)
{
    const unsigned lane = threadIdx.x;
    const Index row = blockIdx.x;
    Vec<float, 8> a0[1];                                                          // v38: f32[256, 768]
    Vec<float, 8> a4[1];                                                          // v43: f32[256, 768]
    Vec<float, 8> a6[1];                                                          // v45: f32[256, 768]
    #pragma unroll
    for (int k = 0; k < 1; ++k) {
        const Index col = (k * 128u + lane) * 8u;
        if (col < 768u) {
            a0[k] = load<8>(p0 + row * 768u + col);
            a4[k] = load<8>(p1 + row * 768u + col);
            a6[k] = load<8>(p2 + row * 768u + col);
        }
    }
    float s1 = 0;
    float s8 = 0;
    #pragma unroll
    for (int k = 0; k < 1; ++k) {
        const Index col = (k * 128u + lane) * 8u;
        if (col < 768u) {
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0[k].at[j]);
                const float t6 = wide(a6[k].at[j]);
                s1 = Sum::of(s1, (float)t0);
                s8 = Sum::of(s8, (float)t6);
            }
        }
    }
    const float t1 = (float)across<Sum, 128>(s1);
    const float t8 = (float)across<Sum, 128>(s8);
    const float t3 = t1 / k0;                                                     // v41 = div
    const float t9 = -t8;                                                         // v48 = neg
    const float t10 = t9 / k0;                                                    // v49 = div
    #pragma unroll
    for (int k = 0; k < 1; ++k) {
        const Index col = (k * 128u + lane) * 8u;
        if (col < 768u) {
            Vec<bf16, 8> v0;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t4 = wide(a4[k].at[j]);
                const float t5 = t3 * t4;                                         // v44 = mul
                const float t6 = wide(a6[k].at[j]);
                const float t7 = t5 + t6;                                         // v46 = add
                const float t11 = t7 + t10;                                       // v51 = add
                const float t12 = wide(as<bf16>(t11));                            // v52 = cast
                v0.at[j] = as<bf16>(t12);
            }
            store(q0 + row * 768u + col, v0);
        }
    }
}
