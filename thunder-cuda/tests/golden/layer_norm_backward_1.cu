// columns_sum_sub_mul_sum: 256 x 768 points

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
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) columns_sum_sub_mul_sum(
    const bf16* __restrict__ p0,
    const bf16* __restrict__ p1,
    const float* __restrict__ p2,
    const float* __restrict__ p3,
    bf16* __restrict__ q0,
    bf16* __restrict__ q1,
    double* scratch,
    unsigned* counters,
    Index rows)
{
    const unsigned x = threadIdx.x % 32u, y = threadIdx.x / 32u;
    const Index col = ((Index)blockIdx.x * 32u + x) * 8u;
    float s2[8];
    #pragma unroll
    for (int j = 0; j < 8; ++j) s2[j] = 0;
    float s12[8];
    #pragma unroll
    for (int j = 0; j < 8; ++j) s12[j] = 0;
    if (col < 768u) {
        #pragma unroll 4
        for (Index row = (Index)blockIdx.y * 8u + y; row < rows; row += gridDim.y * 8u) {
            const float t7 = wide(p2[row]);
            const float t9 = wide(p3[row]);
            const Vec<bf16, 8> a0 = load<8>(p0 + row * 768u + col);               // v4: bf16[256, 768]
            const Vec<bf16, 8> a5 = load<8>(p1 + row * 768u + col);               // v9: bf16[256, 768]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0.at[j]);
                const float t1 = t0;                                              // v5 = cast
                const float t4 = t0;                                              // v8 = cast
                const float t5 = wide(a5.at[j]);
                const float t6 = t5;                                              // v10 = cast
                const float t8 = t6 - t7;                                         // v47 = sub
                const float t10 = t8 * t9;                                        // v49 = mul
                const float t11 = t4 * t10;                                       // v50 = mul
                s2[j] = Sum::of(s2[j], (float)t1);
                s12[j] = Sum::of(s12[j], (float)t11);
            }
        }
    }
    __shared__ float part2[8][256];
    #pragma unroll
    for (int j = 0; j < 8; ++j) part2[y][x * 8u + j] = s2[j];
    __shared__ float part12[8][256];
    #pragma unroll
    for (int j = 0; j < 8; ++j) part12[y][x * 8u + j] = s12[j];
    __syncthreads();
    const Index mine = (Index)blockIdx.x * 256u + threadIdx.x;
    const bool live = threadIdx.x < 256u && mine < 768u;
    float u2 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 8; ++k) u2 = Sum::of(u2, part2[k][threadIdx.x]);
    }
    float u12 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 8; ++k) u12 = Sum::of(u12, part12[k][threadIdx.x]);
    }
    if (live) ((float*)(scratch + (Index)0u * gridDim.y * 768u))[blockIdx.y * 768u + mine] = u2;
    if (live) ((float*)(scratch + (Index)1u * gridDim.y * 768u))[blockIdx.y * 768u + mine] = u12;
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&counters[blockIdx.x], 1u) == gridDim.y - 1;
    __syncthreads();
    if (!last) return;
    __threadfence();
    if (threadIdx.x == 0) counters[blockIdx.x] = 0;
    u2 = 0;
    if (live) {
        #pragma unroll 8
        for (unsigned b = 0; b < gridDim.y; ++b) u2 = Sum::of(u2, __ldcg((const float*)(scratch + (Index)0u * gridDim.y * 768u) + (Index)b * 768u + mine));
    }
    u12 = 0;
    if (live) {
        #pragma unroll 8
        for (unsigned b = 0; b < gridDim.y; ++b) u12 = Sum::of(u12, __ldcg((const float*)(scratch + (Index)1u * gridDim.y * 768u) + (Index)b * 768u + mine));
    }
    if (!live) return;
    const float t2 = (float)u2;
    const float t12 = (float)u12;
    const float t3 = wide(as<bf16>(t2));                                          // v7 = cast
    const float t13 = wide(as<bf16>(t12));                                        // v52 = cast
    q0[mine] = as<bf16>(t3);
    q1[mine] = as<bf16>(t13);
}
