// cumsum  (generated)

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) cumsum(const float* p0, float* q0)
{
    const unsigned lane = threadIdx.x % 32u, warp = threadIdx.x / 32u;
    const Index i = blockIdx.x;
    const Index c0 = i;
    const Index c1 = 0;
    __shared__ double totals[8];
    double carried = 0;
    for (unsigned base = 0; base < 700u; base += 256u) {
        const unsigned step = base + threadIdx.x;
        const Index k = step < 700u ? step : 0;
        double sum = step < 700u ? (double)wide(p0[c0 * 700u + k]) : (double)0;
        #pragma unroll
        for (unsigned d = 1; d < 32; d *= 2) {
            const double below = __shfl_up_sync(0xffffffffu, sum, d);
            if (lane >= d) sum += below;
        }
        __syncthreads();
        if (lane == 31) totals[warp] = sum;
        __syncthreads();
        double before = carried;
        for (unsigned w = 0; w < 8; ++w) {
            if (w < warp) before += totals[w];
            carried += totals[w];
        }
        if (step < 700u) q0[c0 * 700u + k] = as<float>((float)(before + sum));
    }
}
