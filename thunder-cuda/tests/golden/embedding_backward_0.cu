// index_add: 512 x 768 points

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

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) index_add(
    const bf16* p0,
    const long long* p1,
    bf16* q0)
{
    __shared__ unsigned source[4096];
    __shared__ unsigned char target[4096];
    __shared__ unsigned hits[8];
    const unsigned lane = threadIdx.x % 32u;
    const unsigned warp = threadIdx.x / 32u;
    const Index first = (Index)(blockIdx.x % 512u);
    const Index o = (Index)(blockIdx.x / 512u);
    unsigned total = 0;
    for (unsigned base = 0; base < 256u; base += 256u) {
        const unsigned k = base + threadIdx.x;
        bool hit = 0;
        long long to = 0;
        if (k < 256u) {
            to = (long long)p1[k];
            hit = to >= (long long)first && to < (long long)first + (long long)1u && to < (long long)512u;
        }
        const unsigned all = __ballot_sync(0xffffffffu, hit);
        if (lane == 0) hits[warp] = __popc(all);
        __syncthreads();
        unsigned at = total + __popc(all & ((1u << lane) - 1u));
        #pragma unroll
        for (int w = 0; w < 8; ++w) {
            if (w < warp) at = at + hits[w];
            total = total + hits[w];
        }
        if (hit && at < 4096u && k < 256u) {
            source[at] = k;
            target[at] = (unsigned char)(to - (long long)first);
        }
        __syncthreads();
    }
    for (unsigned d = 0; d < 1u; ++d) {
        if (first + d < 512u) {
            for (Index c = threadIdx.x; c < 768u; c += 256u) {
                double sum = 0;
                if (total < 4097u) {
                    #pragma unroll 4
                    for (unsigned m = 0; m < total; ++m) {
                        if (target[m] == d) sum = sum + (double)wide(p0[source[m] * 768u + c]);
                    }
                }
                q0[(o * 512u + (first + d)) * 768u + c] = as<bf16>((float)sum);
            }
        }
    }
}
