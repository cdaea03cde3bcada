// pointwise: 256 points
// pointwise | inner grid.x 1, thread 256, vector 4 | 1 x 1 x 1 blocks of 256 threads

struct f16 { unsigned short bits; };
__device__ __forceinline__ float wide(f16 x) {
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <> struct As<f16> {
    __device__ __forceinline__ static f16 of(float x) {
        f16 y;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
        return y;
    }
};
// A number in f32 rounded to odd: toward zero, the last bit set if anything was lost. Rounded once more, to 16 bits, it
// gives what rounding the number itself gives.
__device__ __forceinline__ float odd(float y, bool exact) {
    return exact ? y : __uint_as_float(__float_as_uint(y) | 1u);
}
__device__ __forceinline__ float to_odd(double x) {
    const float y = __double2float_rz(x);
    return odd(y, (double)y == x || x != x);
}
__device__ __forceinline__ float to_odd(long long x) {
    const float y = __ll2float_rz(x);
    return odd(y, __float2ll_rz(y) == x);
}
__device__ __forceinline__ float to_odd(int x) {
    const float y = __int2float_rz(x);
    return odd(y, (double)y == (double)x);
}
__device__ __forceinline__ float to_odd(unsigned x) {
    const float y = __uint2float_rz(x);
    return odd(y, (double)y == (double)x);
}
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) pointwise(
    const long long* __restrict__ p0,
    f16* __restrict__ q0,
    Index count)
{
    const Index i = ((Index)blockIdx.x * 256u + threadIdx.x) * 4u;
    if (i >= count) return;
    const Vec<long long, 4> a0 = load<4>(p0 + i);                                 // v13: i64[256]
    Vec<f16, 4> v0;
    #pragma unroll
    for (int j = 0; j < 4; ++j) {
        const long long t0 = wide(a0.at[j]);
        const float t1 = wide(as<f16>(to_odd(t0)));                               // v14 = cast
        v0.at[j] = as<f16>(t1);
    }
    store(q0 + i, v0);
}
