// rows_ge_select_amax_sub_exp_sum_reciprocal_mul: 2 x 256 x 256 points
// rows | outer grid.x 512 | inner thread 64, vector 4 | rows in registers | 512 x 1 x 1 blocks of 64 threads

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }
#define INF __int_as_float(0x7f800000)
__device__ __forceinline__ float maximum(float x, float y) {
    float z;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
    return z;
}
template <class T> __device__ __forceinline__ T maximum(T x, T y) { return x != x ? x : x > y ? x : y; }
// e^x for x <= 0 that a subtraction has rounded already: as accurate as x is, and 0 where it would be a denormal.
__device__ __forceinline__ float exp_below(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x * 1.4426950408889634f));
    return y;
}
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };
struct Amax { template <class T> __device__ __forceinline__ static T of(T x, T y) { return maximum(x, y); } };
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

extern "C" __global__ void __launch_bounds__(64) rows_ge_select_amax_sub_exp_sum_reciprocal_mul(
    const float* __restrict__ p0,
    float* __restrict__ q0,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    const Index r0 = row / 256u;
    const Index r1 = row % 256u;
    Vec<float, 4> a3[1];                                                          // v4: f32[2, 256, 256]
    {
        const Index col = lane * 4u;
        a3[0] = load<4>(p0 + r0 * 65536u + r1 * 256u + col);
    }
    const long long t0 = (long long)r1;                                           // v1 = iota
    float s6 = -INF;
    {
        const Index col = lane * 4u;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const long long t1 = (long long)(col + j);                            // v2 = iota
            const bool t2 = t0 >= t1;                                             // v3 = ge
            const float t3 = wide(a3[0].at[j]);
            const float t5 = t2 ? t3 : (-INF);                                    // v6 = select
            s6 = Amax::of(s6, (float)t5);
        }
    }
    const float t6 = (float)across<Amax, 64>(s6);
    float s9 = 0;
    {
        const Index col = lane * 4u;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const long long t1 = (long long)(col + j);                            // v2 = iota
            const bool t2 = t0 >= t1;                                             // v3 = ge
            const float t3 = wide(a3[0].at[j]);
            const float t5 = t2 ? t3 : (-INF);                                    // v6 = select
            const float t7 = t5 - t6;                                             // v8 = sub
            const float t8 = exp_below(t7);                                       // v9 = exp
            s9 = Sum::of(s9, (float)t8);
        }
    }
    const float t9 = (float)across<Sum, 64>(s9);
    const float t10 = 1.0f / t9;                                                  // v11 = reciprocal
    {
        const Index col = lane * 4u;
        Vec<float, 4> v0;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            const long long t1 = (long long)(col + j);                            // v2 = iota
            const bool t2 = t0 >= t1;                                             // v3 = ge
            const float t3 = wide(a3[0].at[j]);
            const float t5 = t2 ? t3 : (-INF);                                    // v6 = select
            const float t7 = t5 - t6;                                             // v8 = sub
            const float t8 = exp_below(t7);                                       // v9 = exp
            const float t11 = t8 * t10;                                           // v12 = mul
            v0.at[j] = as<float>(t11);
        }
        store(q0 + r0 * 65536u + r1 * 256u + col, v0);
    }
}
