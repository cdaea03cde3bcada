// cumsum: 256 x 700 points

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) cumsum(
    const float* p0,
    float* q0)
{
    const unsigned lane = threadIdx.x % 32u;
    const unsigned warp = threadIdx.x / 32u;
    const Index i = (Index)blockIdx.x;
    const Index c0 = i;
    __shared__ double totals[8];
    double carried = 0;
    for (unsigned base = 0; base < 700u; base += 256u) {
        const unsigned step = base + threadIdx.x;
        const Index k = step < 700u ? step : 0;
        double sum = step < 700u ? (double)wide(p0[c0 * 700u + k]) : (double)0;
        const double below1 = __shfl_up_sync(0xffffffffu, sum, 1);
        if (lane >= 1u) sum = sum + below1;
        const double below2 = __shfl_up_sync(0xffffffffu, sum, 2);
        if (lane >= 2u) sum = sum + below2;
        const double below4 = __shfl_up_sync(0xffffffffu, sum, 4);
        if (lane >= 4u) sum = sum + below4;
        const double below8 = __shfl_up_sync(0xffffffffu, sum, 8);
        if (lane >= 8u) sum = sum + below8;
        const double below16 = __shfl_up_sync(0xffffffffu, sum, 16);
        if (lane >= 16u) sum = sum + below16;
        __syncthreads();
        if (lane == 31u) totals[warp] = sum;
        __syncthreads();
        double before = carried;
        #pragma unroll
        for (int w = 0; w < 8; ++w) {
            if (w < warp) before = before + totals[w];
            carried = carried + totals[w];
        }
        if (step < 700u) q0[c0 * 700u + k] = as<float>((float)(before + sum));
    }
}
