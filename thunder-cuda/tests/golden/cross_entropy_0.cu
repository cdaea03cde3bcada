// rows_ne_ge_lt_and_amax_sub_exp_sum_log_eq_select_sum_sub: 256 x 50304 points
// rows | outer grid.x 256 | inner serial 13, thread 512, vector 8 | rows in shared memory | sums in f64 | 256 x 1 x 1 blocks of 512 threads, 2 a multiprocessor, 100608 bytes shared

struct bf16 { unsigned short bits; };
__device__ __forceinline__ float wide(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
#define INF __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
__device__ __forceinline__ float maximum(float x, float y) {
    float z;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
    return z;
}
template <class T> __device__ __forceinline__ T maximum(T x, T y) { return x != x ? x : x > y ? x : y; }
// Whether a coordinate is the number x: one comparison of 32 bits where only the coordinate changes.
__device__ __forceinline__ bool same(unsigned at, long long x) {
    return at == (unsigned)x && (unsigned long long)x >> 32 == 0;
}
__device__ __forceinline__ bool same(unsigned long long at, long long x) { return at == (unsigned long long)x; }
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
// Starts to copy 16 bytes to shared memory.
__device__ __forceinline__ void copy_async(void* to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned)__cvta_generic_to_shared(to)), "l"(from) : "memory");
}
// Waits for what this thread has started.
__device__ __forceinline__ void await_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(512, 2) rows_ne_ge_lt_and_amax_sub_exp_sum_log_eq_select_sum_sub(
    const long long* __restrict__ p0,
    const bf16* __restrict__ p1,
    bool* __restrict__ q0,
    float* __restrict__ q1,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    extern __shared__ uint4 asked[];
    Vec<bf16, 8>* const a8 = (Vec<bf16, 8>*)asked;                                // v10: bf16[256, 50304]
    #pragma unroll
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) copy_async(&a8[k * 512u + lane], p1 + row * 50304u + col);
    }
    await_copies();
    const long long t0 = wide(p0[row]);
    const bool t2 = t0 != (-100ll);                                               // v4 = ne
    const bool t4 = t0 >= 0ll;                                                    // v6 = ge
    const bool t6 = t0 < 50304ll;                                                 // v8 = lt
    const bool t7 = (bool)(t4 & t6);                                              // v9 = and
    float s10 = -INF;
    #pragma unroll 4
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) {
            const Vec<bf16, 8> b8 = a8[k * 512u + lane];
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t8 = wide(b8.at[j]);
                const float t9 = t8;                                              // v11 = cast
                s10 = Amax::of(s10, (float)t9);
            }
        }
    }
    const float t10 = (float)across<Amax, 512>(s10);
    double s13 = 0;
    double s19 = 0;
    #pragma unroll 4
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) {
            const Vec<bf16, 8> b8 = a8[k * 512u + lane];
            float u13 = 0;
            float u19 = 0;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t8 = wide(b8.at[j]);
                const float t9 = t8;                                              // v11 = cast
                const float t11 = t9 - t10;                                       // v13 = sub
                const float t12 = exp_below(t11);                                 // v14 = exp
                const long long t15 = (long long)(col + j);                       // v17 = iota
                const bool t16 = same((Index)(col + j), t0);                      // v18 = eq
                const float t18 = t16 ? t11 : 0.0f;                               // v20 = select
                u13 = Sum::of(u13, t12);
                u19 = Sum::of(u19, t18);
            }
            s13 = Sum::of(s13, (double)u13);
            s19 = Sum::of(s19, (double)u19);
        }
    }
    const float t13 = (float)across<Sum, 512>(s13);
    const float t19 = (float)across<Sum, 512>(s19);
    const float t14 = logf(t13);                                                  // v16 = log
    const float t20 = t14 - t19;                                                  // v22 = sub
    const float t22 = t7 ? t20 : NAN;                                             // v24 = select
    const float t23 = t2 ? t22 : 0.0f;                                            // v25 = select
    if (lane == 0) {
        q0[row] = as<bool>(t2);
        q1[row] = as<float>(t23);
    }
}
