// sums_add_square_sum_div_add_rsqrt_mul_sum_mul_neg_mul: 256 x 4096 points
// sums | outer walk, thread 32 | inner grid.x 512, thread 8 | sums in f64 | 512 x 1 x 1 blocks of 256 threads, 8388608 bytes of scratch

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
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) sums_add_square_sum_div_add_rsqrt_mul_sum_mul_neg_mul(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    const bf16* __restrict__ p3,
    const bf16* __restrict__ p4,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    double* scratch,
    Index parts)
{
    const unsigned lane = threadIdx.x % 8u;
    const unsigned group = threadIdx.x / 8u;
    double s15 = 0;
    double* const cells15 = (double*)(scratch);
    const Index col = (Index)blockIdx.x * 8u + lane;
    if (col < 4096u) {
        #pragma unroll 4
        for (Index b = group; b < parts; b += 32u) s15 = Sum::of(s15, cells15[b * 4096u + col]);
    }
    __shared__ double part15[32][8];
    part15[group][lane] = s15;
    __syncthreads();
    const Index mine = (Index)blockIdx.x * 8u + threadIdx.x;
    const bool live = threadIdx.x < 8u && mine < 4096u;
    double u15 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 32; ++k) u15 = Sum::of(u15, part15[k][threadIdx.x]);
    }
    if (!live) return;
    const float t15 = (float)u15;
    const float t16 = wide(as<bf16>(t15));                                        // v21 = cast
    q0[mine] = as<bf16>(t16);
}
