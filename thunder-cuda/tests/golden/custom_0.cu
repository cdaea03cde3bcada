// transpose: 256 x 700 points
// transpose | inner grid.x 44, tile 64, vector 2 | operands turned: 1, read by 2 | 44 x 1 x 1 blocks of 256 threads

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
template <int N, class T, class I> __device__ __forceinline__ Vec<T, N> gather(const T* p, I step) {
    Vec<T, N> v;
    #pragma unroll
    for (int j = 0; j < N; ++j) v.at[j] = p[j * step];
    return v;
}
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) transpose(
    const long long* __restrict__ p0,
    long long* __restrict__ q0)
{
    const unsigned l0 = blockIdx.x % 11u * 64u;
    const unsigned g0 = blockIdx.x / 11u % 4u * 64u;
    __shared__ long long tile0[64][65];                                           // v1: i64[256, 700]
    #pragma unroll 4
    for (unsigned v = threadIdx.x; v < 2048u; v += 256u) {
        const unsigned g = v % 32u * 2u;
        const unsigned l = v / 32u;
        if (g0 + g < 256u && l0 + l < 700u) {
            const Vec<long long, 2> a0 = load<2>(p0 + g0 + g + (l0 + l) * 256u);
            #pragma unroll
            for (int j = 0; j < 2; ++j) tile0[l][g + j] = a0.at[j];
        }
    }
    __syncthreads();
    #pragma unroll 2
    for (unsigned v = threadIdx.x; v < 2048u; v += 256u) {
        const unsigned l = v % 32u * 2u;
        const unsigned g = v / 32u;
        if (g0 + g < 256u && l0 + l < 700u) {
            const Vec<long long, 2> a0 = gather<2>(&tile0[l][g], 65u);
            Vec<long long, 2> v0;
            #pragma unroll
            for (int j = 0; j < 2; ++j) {
                const long long t0 = wide(a0.at[j]);
                v0.at[j] = as<long long>(t0);
            }
            store(q0 + (g0 + g) * 700u + (l0 + l), v0);
        }
    }
}
