// pointwise: 2 x 256 x 4 x 32 points

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

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) pointwise(
    const bf16* __restrict__ p0,
    bf16* __restrict__ q0,
    Index count)
{
    const Index i = ((Index)blockIdx.x * 256u + threadIdx.x) * 8u;
    if (i >= count) return;
    const Index c0 = i / 32u;
    const Index c1 = i % 32u;
    const Vec<bf16, 8> a0 = load<8>(p0 + c0 * 64u + c1);                          // v0: bf16[2, 256, 4, 64]
    Vec<bf16, 8> v0;
    #pragma unroll
    for (int j = 0; j < 8; ++j) {
        const float t0 = wide(a0.at[j]);
        v0.at[j] = as<bf16>(t0);
    }
    store(q0 + c0 * 64u + c1, v0);
}
