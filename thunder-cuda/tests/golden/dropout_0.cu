// pointwise_bernoulli_mul_select: 256 x 1024 points
// pointwise | inner grid.x 128, thread 256, vector 8 | 128 x 1 x 1 blocks of 256 threads
// k0 = 1.1111112

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
// Philox 4x32-10: word-stream `stream`, counter `at`.
__device__ __forceinline__ uint4 philox(uint2 key, unsigned long long at, unsigned stream) {
    uint4 c = make_uint4((unsigned)at, (unsigned)(at >> 32), 0u, stream);
    #pragma unroll
    for (int round = 0; round < 10; ++round) {
        const unsigned a = __umulhi(0xD2511F53u, c.x), b = __umulhi(0xCD9E8D57u, c.z);
        c = make_uint4(b ^ c.y ^ key.x, 0xCD9E8D57u * c.z, a ^ c.w ^ key.y, 0xD2511F53u * c.x);
        key.x += 0x9E3779B9u;
        key.y += 0xBB67AE85u;
    }
    return c;
}
__device__ __forceinline__ unsigned word(uint4 c, unsigned k) {
    return k < 2 ? (k == 0 ? c.x : c.y) : (k == 2 ? c.z : c.w);
}

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) pointwise_bernoulli_mul_select(
    const unsigned* __restrict__ p0,
    const bf16* __restrict__ p1,
    bf16* __restrict__ q0,
    Index count,
    float k0)
{
    const Index i = ((Index)blockIdx.x * 256u + threadIdx.x) * 8u;
    if (i >= count) return;
    const Vec<bf16, 8> a1 = load<8>(p1 + i);                                      // v4: bf16[256, 1024]
    const Index i0 = i;
    const uint4 w0_0 = philox(make_uint2(p0[0], p0[1u]), i0 / 8u, 0u);
    Vec<bf16, 8> v0;
    #pragma unroll
    for (int j = 0; j < 8; ++j) {
        const bool t0 = (word(w0_0, (i0 % 8u + j) / 2) >> (16 * ((i0 % 8u + j) & 1)) & 0xffffu) < 58982u;  // v3 = bernoulli
        const float t1 = wide(a1.at[j]);
        const float t2 = t1;                                                      // v5 = cast
        const float t4 = t2 * k0;                                                 // v7 = mul
        const float t6 = t0 ? t4 : 0.0f;                                          // v9 = select
        const float t7 = wide(as<bf16>(t6));                                      // v10 = cast
        v0.at[j] = as<bf16>(t7);
    }
    store(q0 + i, v0);
}
