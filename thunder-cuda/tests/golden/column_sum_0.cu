// columns_sum: 256 x 4096 points
// columns | outer walk, split.y 8, thread 8 | inner grid.x 16, thread 32, vector 8 | sums in f64 | 16 x 8 x 1 blocks of 256 threads, 262144 bytes of scratch, 16 counters

struct bf16 { unsigned short bits; };
__device__ __forceinline__ float wide(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
struct Sum { template <class T> __device__ __forceinline__ static T of(T x, T y) { return x + y; } };

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) columns_sum(
    const bf16* __restrict__ p0,
    float* __restrict__ q0,
    double* scratch,
    unsigned* counters,
    Index rows)
{
    const unsigned lane = threadIdx.x % 32u;
    const unsigned group = threadIdx.x / 32u;
    double s2[8];
    #pragma unroll
    for (int k = 0; k < 8; ++k) s2[k] = 0;
    const Index col = ((Index)blockIdx.x * 32u + lane) * 8u;
    if (col < 4096u) {
        #pragma unroll 4
        for (Index row = (Index)blockIdx.y * 8u + group; row < rows; row += gridDim.y * 8u) {
            const Vec<bf16, 8> a0 = load<8>(p0 + row * 4096u + col);              // v1: bf16[256, 4096]
            #pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float t0 = wide(a0.at[j]);
                const float t1 = t0;                                              // v2 = cast
                s2[j] = Sum::of(s2[j], (double)t1);
            }
        }
    }
    __shared__ double part2[8][256];
    #pragma unroll
    for (int j = 0; j < 8; ++j) part2[group][lane * 8u + j] = s2[j];
    __syncthreads();
    const Index mine = (Index)blockIdx.x * 256u + threadIdx.x;
    const bool live = threadIdx.x < 256u && mine < 4096u;
    double u2 = 0;
    if (live) {
        #pragma unroll
        for (int k = 0; k < 8; ++k) u2 = Sum::of(u2, part2[k][threadIdx.x]);
    }
    double* const cells2 = (double*)(scratch);
    if (live) cells2[(Index)blockIdx.y * 4096u + mine] = u2;
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&counters[blockIdx.x], 1u) == gridDim.y - 1u;
    __syncthreads();
    if (!last) return;
    __threadfence();
    if (threadIdx.x == 0) counters[blockIdx.x] = 0;
    u2 = 0;
    if (live) {
        #pragma unroll 8
        for (unsigned b = 0; b < gridDim.y; ++b) {
            u2 = Sum::of(u2, __ldcg(cells2 + (Index)b * 4096u + mine));
        }
    }
    if (!live) return;
    const float t2 = (float)u2;
    q0[mine] = as<float>(t2);
}
