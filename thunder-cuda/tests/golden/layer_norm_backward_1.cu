// sums_sum_sum_div_sub_square_sum_div_add_rsqrt_mul_sum: 256 x 768 points
// sums | outer walk, thread 32 | inner grid.x 96, thread 8 | sums in f64 | 96 x 1 x 1 blocks of 256 threads, 786432 bytes of scratch

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

extern "C" __global__ void __launch_bounds__(256) sums_sum_sum_div_sub_square_sum_div_add_rsqrt_mul_sum(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const bf16* __restrict__ p2,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    bf16* __restrict__ q2,
    double* scratch,
    Index parts)
{
    const unsigned lane = threadIdx.x % 8u;
    const unsigned group = threadIdx.x / 8u;
    double s2 = 0;
    double s18 = 0;
    double* const cells2 = (double*)(scratch);
    double* const cells18 = (double*)(scratch + (Index)parts * 768u);
    const Index col = (Index)blockIdx.x * 8u + lane;
    if (col < 768u) {
        #pragma unroll 4
        for (Index b = group; b < parts; b += 32u) {
            s2 = Sum::of(s2, cells2[b * 768u + col]);
            s18 = Sum::of(s18, cells18[b * 768u + col]);
        }
    }
    __shared__ double part2[32][8];
    part2[group][lane] = s2;
    __shared__ double part18[32][8];
    part18[group][lane] = s18;
    __syncthreads();
    const Index mine = (Index)blockIdx.x * 8u + threadIdx.x;
    const bool live = threadIdx.x < 8u && mine < 768u;
    double u2 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 32; ++k) u2 = Sum::of(u2, part2[k][threadIdx.x]);
    }
    double u18 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 32; ++k) u18 = Sum::of(u18, part18[k][threadIdx.x]);
    }
    if (!live) return;
    const float t2 = (float)u2;
    const float t18 = (float)u18;
    const float t3 = wide(as<bf16>(t2));                                          // v7 = cast
    const float t19 = wide(as<bf16>(t18));                                        // v23 = cast
    q0[mine] = as<bf16>(t3);
    q1[mine] = as<bf16>(t19);
}
