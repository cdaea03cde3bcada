// pointwise_sigmoid_mul_mul: 256 x 8192 points
// pointwise | inner grid.x 1024, thread 256, vector 8 | 1024 x 1 x 1 blocks of 256 threads

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
// 1 / x within an ulp, for x whose reciprocal is no denormal.
__device__ __forceinline__ float rcp(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
// By the exponential that does not overflow: the left tail is right down to the least denormal.
__device__ __forceinline__ float sigmoid(float x) {
    const float e = expf(-fabsf(x)), y = rcp(1.0f + e);
    return x < 0.0f ? e * y : y;
}
__device__ __forceinline__ double sigmoid(double x) {
    const double e = exp(-fabs(x)), y = 1.0 / (1.0 + e);
    return x < 0.0 ? e * y : y;
}

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) pointwise_sigmoid_mul_mul(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    bf16* __restrict__ q0,
    Index count)
{
    const Index i = ((Index)blockIdx.x * 256u + threadIdx.x) * 8u;
    if (i >= count) return;
    const Vec<bf16, 8> a0 = load<8>(p0 + i);                                      // v2: bf16[256, 8192]
    const Vec<bf16, 8> a5 = load<8>(p1 + i);                                      // v7: bf16[256, 8192]
    Vec<bf16, 8> v0;
    #pragma unroll
    for (int j = 0; j < 8; ++j) {
        const float t0 = wide(a0.at[j]);
        const float t1 = t0;                                                      // v3 = cast
        const float t2 = sigmoid(t1);                                             // v4 = sigmoid
        const float t3 = t1 * t2;                                                 // v5 = mul
        const float t4 = wide(as<bf16>(t3));                                      // v6 = cast
        const float t5 = wide(a5.at[j]);
        const float t6 = t4 * t5;                                                 // v8 = mul
        v0.at[j] = as<bf16>(t6);
    }
    store(q0 + i, v0);
}
