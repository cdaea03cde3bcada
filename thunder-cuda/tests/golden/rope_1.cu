// cat  (generated)

struct bf16 { unsigned short bits; };
__device__ __forceinline__ float wide(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };

typedef unsigned Index;

extern "C" __global__ void __launch_bounds__(256) cat(const Vec<bf16, 8>* p0, const Vec<bf16, 8>* p1, Vec<bf16, 8>* q0, Index count)
{
    const Index i = (Index)blockIdx.x * 256u + threadIdx.x;
    if (i >= count) return;
    const Index c0 = i / 8192u;
    const Index c1 = (i / 32u) % 256u;
    const Index c2 = (i / 8u) % 4u;
    const Index c3 = (i) % 8u;
    Vec<bf16, 8> x;
    if (c3 < 4u) x = p0[c0 * 4096u + c1 * 16u + c2 * 4u + (c3 - 0u)];
    else x = p1[c0 * 8192u + c1 * 32u + c2 * 8u + (c3 - 4u)];
    q0[i] = x;
}
