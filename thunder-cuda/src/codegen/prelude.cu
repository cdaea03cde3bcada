//: bf16
struct bf16 { unsigned short bits; };
__device__ __forceinline__ float wide(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
//: f16
struct f16 { unsigned short bits; };
__device__ __forceinline__ float wide(f16 x) {
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}
//: wide(
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
//: as<
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
//: as<bf16>
template <> struct As<bf16> {
    __device__ __forceinline__ static bf16 of(float x) {
        bf16 y;
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
        return y;
    }
};
//: as<f16>
template <> struct As<f16> {
    __device__ __forceinline__ static f16 of(float x) {
        f16 y;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
        return y;
    }
};
//: to_odd(
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
//: as<
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
//: Vec<
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
//: load<
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
//: gather<
template <int N, class T, class I> __device__ __forceinline__ Vec<T, N> gather(const T* p, I step) {
    Vec<T, N> v;
    #pragma unroll
    for (int j = 0; j < N; ++j) v.at[j] = p[j * step];
    return v;
}
//: store(
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }
//: scatter(
template <class T, int N, class I> __device__ __forceinline__ void scatter(T* p, I step, const Vec<T, N>& v) {
    #pragma unroll
    for (int j = 0; j < N; ++j) p[j * step] = v.at[j];
}
//: INF
#define INF __int_as_float(0x7f800000)
//: NAN
#define NAN __int_as_float(0x7fffffff)
//: maximum(
__device__ __forceinline__ float maximum(float x, float y) {
    float z;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
    return z;
}
template <class T> __device__ __forceinline__ T maximum(T x, T y) { return x != x ? x : x > y ? x : y; }
//: minimum(
__device__ __forceinline__ float minimum(float x, float y) {
    float z;
    asm("min.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
    return z;
}
template <class T> __device__ __forceinline__ T minimum(T x, T y) { return x != x ? x : x < y ? x : y; }
//: sign(
template <class T> __device__ __forceinline__ T sign(T x) { return x > 0 ? (T)1 : x < 0 ? (T)-1 : (T)0; }
//: rcp(
// 1 / x within an ulp, for x whose reciprocal is no denormal.
__device__ __forceinline__ float rcp(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
//: same(
// Whether a coordinate is the number x: one comparison of 32 bits where only the coordinate changes.
__device__ __forceinline__ bool same(unsigned at, long long x) {
    return at == (unsigned)x && (unsigned long long)x >> 32 == 0;
}
__device__ __forceinline__ bool same(unsigned long long at, long long x) { return at == (unsigned long long)x; }
//: exp_below(
// e^x for x <= 0 that a subtraction has rounded already: as accurate as x is, and 0 where it would be a denormal.
__device__ __forceinline__ float exp_below(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x * 1.4426950408889634f));
    return y;
}
//: complement(
// erfc x: e^(-x^2), times e^(x^2) erfc(x) (1 + 2x), which hardly changes, as a minimax polynomial of (x - 2) / (x + 2),
// over 1 + 2x; by symmetry below 0.
__device__ __forceinline__ float complement(float x) {
    const float a = fminf(fabsf(x), 10.1f), t = (a - 2.0f) * rcp(a + 2.0f);
    float p = -4.00577083e-4f;
    p = fmaf(p, t, -1.22992728e-3f);
    p = fmaf(p, t, 1.31352368e-3f);
    p = fmaf(p, t, 8.63168114e-3f);
    p = fmaf(p, t, -8.05987576e-3f);
    p = fmaf(p, t, -5.42042986e-2f);
    p = fmaf(p, t, 1.64055347e-1f);
    p = fmaf(p, t, -1.66031425e-1f);
    p = fmaf(p, t, -9.27639808e-2f);
    p = fmaf(p, t, 1.27697839f);
    // What rounding lost of the square, which the exponential would magnify.
    const float s = a * a, lost = fmaf(a, a, -s), e = expf(-s), d = fmaf(a, 2.0f, 1.0f);
    float r = rcp(d);
    r = fmaf(fmaf(-d, r, 1.0f), r, r);
    const float y = fmaf(-lost, e, e) * (p * r);
    return x != x ? x : x < 0.0f ? 2.0f - y : y;
}
//: sigmoid(
// By the exponential that does not overflow: the left tail is right down to the least denormal.
__device__ __forceinline__ float sigmoid(float x) {
    const float e = expf(-fabsf(x)), y = rcp(1.0f + e);
    return x < 0.0f ? e * y : y;
}
__device__ __forceinline__ double sigmoid(double x) {
    const double e = exp(-fabs(x)), y = 1.0 / (1.0 + e);
    return x < 0.0 ? e * y : y;
}
//: to_i64(
__device__ __forceinline__ long long to_i64(float x) { return x != x ? 0 : __float2ll_rz(x); }
__device__ __forceinline__ long long to_i64(double x) { return x != x ? 0 : __double2ll_rz(x); }
//: to_i32(
__device__ __forceinline__ int to_i32(float x) { return x != x ? 0 : __float2int_rz(x); }
__device__ __forceinline__ int to_i32(double x) { return x != x ? 0 : __double2int_rz(x); }
//: to_u32(
__device__ __forceinline__ unsigned to_u32(float x) { return x != x ? 0 : __float2uint_rz(x); }
__device__ __forceinline__ unsigned to_u32(double x) { return x != x ? 0 : __double2uint_rz(x); }
//: to_u8(
template <class T> __device__ __forceinline__ unsigned char to_u8(T x) {
    return x != x || x <= 0 ? 0 : x >= 255 ? 255 : (unsigned char)x;
}
//: divide(
template <class T> __device__ __forceinline__ T divide(T x, T y) {
    return y == 0 ? (T)0 : y == (T)-1 && (T)-1 < 0 ? (T)(0ull - (unsigned long long)x) : (T)(x / y);
}
//: remainder_of(
template <class T> __device__ __forceinline__ T remainder_of(T x, T y) {
    return y == 0 || (y == (T)-1 && (T)-1 < 0) ? (T)0 : (T)(x % y);
}
//: power(
template <class T> __device__ __forceinline__ T power(T x, T y) {
    if ((T)-1 < 0 && y < 0) return x == 1 ? (T)1 : x == (T)-1 ? (y & 1 ? (T)-1 : (T)1) : (T)0;
    unsigned long long z = 1, b = (unsigned long long)x;
    for (unsigned long long e = (unsigned)y; e; e >>= 1, b *= b) if (e & 1) z *= b;
    return (T)z;
}
//: Sum::
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };
//: Prod::
struct Prod { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x * y; } };
//: Amax::
struct Amax { template <class T> __device__ __forceinline__ static T of(T x, T y) { return maximum(x, y); } };
//: Amin::
struct Amin { template <class T> __device__ __forceinline__ static T of(T x, T y) { return minimum(x, y); } };
//: All::
struct All { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x & y; } };
//: Any::
struct Any { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x | y; } };
//: best_of<
// Whether x comes before y in the order of greatness, or of littleness; NaN comes first.
template <bool Greatest, class T> __device__ __forceinline__ bool beats(T x, T y) {
    return y == y && (x != x || (Greatest ? x > y : x < y));
}
// Takes x, which stands at `place`, for the best so far if it is; of equals, the first.
template <bool Greatest, class T, class X>
__device__ __forceinline__ void best_of(T& best, long long& at, X element, long long place) {
    const T x = element;
    if (place >= 0 && (at < 0 || beats<Greatest>(x, best) || (!beats<Greatest>(best, x) && place < at))) {
        best = x;
        at = place;
    }
}
//: across<
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
//: philox(
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
//: word(
__device__ __forceinline__ unsigned word(uint4 c, unsigned k) {
    return k < 2 ? (k == 0 ? c.x : c.y) : (k == 2 ? c.z : c.w);
}
//: copy_async(
// Starts to copy 16 bytes to shared memory.
__device__ __forceinline__ void copy_async(void* to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned)__cvta_generic_to_shared(to)), "l"(from) : "memory");
}
//: await_copies(
// Waits for what this thread has started.
__device__ __forceinline__ void await_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
//: unit(
__device__ __forceinline__ float unit(unsigned w) { return (float)(w >> 8) * 0x1p-24f; }
//: normal(
// Box-Muller on two lanes of a counter.
__device__ __forceinline__ double normal(double, unsigned a, unsigned b) {
    return sqrt(-2.0 * log(1.0 - (a >> 8) * 0x1p-24)) * cospi(2.0 * ((b >> 8) * 0x1p-24));
}
__device__ __forceinline__ float normal(float, unsigned a, unsigned b) {
    return sqrtf(-2.0f * logf(1.0f - (float)(a >> 8) * 0x1p-24f)) * cospif(2.0f * ((float)(b >> 8) * 0x1p-24f));
}
