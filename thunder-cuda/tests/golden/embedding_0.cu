// pointwise_take_add: 256 x 768 points
// pointwise | inner grid.x 96, thread 256, vector 8 | 96 x 1 x 1 blocks of 256 threads

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
#define NAN __int_as_float(0x7fffffff)

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) pointwise_take_add(
    const bf16* __restrict__ p0,
    const long long* __restrict__ p1,
    const bf16* __restrict__ p2,
    bf16* __restrict__ q0,
    Index count)
{
    const Index i = ((Index)blockIdx.x * 256u + threadIdx.x) * 8u;
    if (i >= count) return;
    const Index c0 = i / 768u;
    const Index c1 = i % 768u;
    const long long t0 = wide(p1[c0]);
    const Vec<bf16, 8> a2 = load<8>(p2 + c0 * 768u + c1);                         // v6: bf16[256, 768]
    Vec<bf16, 8> a1 = {};                                                         // v5 = take
    const bool in1 = (unsigned long long)(long long)t0 < 512ull;
    if (in1) a1 = load<8>(p0 + (Index)t0 * 768u + c1);
    Vec<bf16, 8> v0;
    #pragma unroll
    for (int j = 0; j < 8; ++j) {
        const float t1 = in1 ? wide(a1.at[j]) : NAN;                              // v5 = take
        const float t2 = wide(a2.at[j]);
        const float t3 = t1 + t2;                                                 // v7 = add
        v0.at[j] = as<bf16>(t3);
    }
    store(q0 + c0 * 768u + c1, v0);
}
