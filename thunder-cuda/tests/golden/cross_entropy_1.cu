// rows_ge_lt_and_amax_sub_exp_sum_log_eq_select_sum_sub: 256 x 50304 points
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

extern "C" __global__ void __launch_bounds__(512, 2) rows_ge_lt_and_amax_sub_exp_sum_log_eq_select_sum_sub(
    const bool* __restrict__ p0,
    const long long* __restrict__ p1,
    const bf16* __restrict__ p2,
    float* __restrict__ q0,
    Index rows)
{
    const unsigned lane = threadIdx.x;
    const Index row = (Index)blockIdx.x;
    extern __shared__ uint4 asked[];
    Vec<bf16, 8>* const a7 = (Vec<bf16, 8>*)asked;                                // v17: bf16[256, 50304]
    #pragma unroll
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) copy_async(&a7[k * 512u + lane], p2 + row * 50304u + col);
    }
    await_copies();
    const bool t0 = wide(p0[row]);
    const long long t1 = wide(p1[row]);
    const bool t3 = t1 >= 0ll;                                                    // v13 = ge
    const bool t5 = t1 < 50304ll;                                                 // v15 = lt
    const bool t6 = (bool)(t3 & t5);                                              // v16 = and
    float s9 = -INF;
    #pragma unroll 4
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) {
            const Vec<bf16, 8> b7 = a7[k * 512u + lane];
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t7 = wide(b7.at[j]);
                const float t8 = t7;                                              // v18 = cast
                s9 = Amax::of(s9, (float)t8);
            }
        }
    }
    const float t9 = (float)across<Amax, 512>(s9);
    double s12 = 0;
    double s18 = 0;
    #pragma unroll 4
    for (int k = 0; k < 13; ++k) {
        const Index col = (k * 512u + lane) * 8u;
        if (col < 50304u) {
            const Vec<bf16, 8> b7 = a7[k * 512u + lane];
            float u12 = 0;
            float u18 = 0;
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t7 = wide(b7.at[j]);
                const float t8 = t7;                                              // v18 = cast
                const float t10 = t8 - t9;                                        // v20 = sub
                const float t11 = exp_below(t10);                                 // v21 = exp
                const long long t14 = (long long)(col + j);                       // v24 = iota
                const bool t15 = same((Index)(col + j), t1);                      // v25 = eq
                const float t17 = t15 ? t10 : 0.0f;                               // v27 = select
                u12 = Sum::of(u12, t11);
                u18 = Sum::of(u18, t17);
            }
            s12 = Sum::of(s12, (double)u12);
            s18 = Sum::of(s18, (double)u18);
        }
    }
    const float t12 = (float)across<Sum, 512>(s12);
    const float t18 = (float)across<Sum, 512>(s18);
    const float t13 = logf(t12);                                                  // v23 = log
    const float t19 = t13 - t18;                                                  // v29 = sub
    const float t21 = t6 ? t19 : NAN;                                             // v31 = select
    const float t22 = t0 ? t21 : 0.0f;                                            // v32 = select
    if (lane == 0) q0[row] = as<float>(t22);
}
