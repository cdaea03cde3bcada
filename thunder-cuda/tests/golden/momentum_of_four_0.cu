// pointwise_mul_add_mul_sub_each: 256 x 768 points
// Many launches as one; the first of them:
// pointwise | inner grid.x 192, thread 256, vector 4 | 192 x 1 x 1 blocks of 256 threads
// k0 = 0.9

template <class T> __device__ __forceinline__ T wide(T x) { return x; }
template <class T> struct As {
    template <class X> __device__ __forceinline__ static T of(X x) { return (T)x; }
};
template <class T, class X> __device__ __forceinline__ T as(X x) { return As<T>::of(x); }
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec { T at[N]; };
template <int N, class T> __device__ __forceinline__ Vec<T, N> load(const T* p) { return *(const Vec<T, N>*)p; }
template <class T, int N> __device__ __forceinline__ void store(T* p, const Vec<T, N>& v) { *(Vec<T, N>*)p = v; }

typedef unsigned Index;

// The arguments of one launch.
struct Row {
    alignas(8) const float* p0;
    alignas(8) const float* p1;
    alignas(8) const float* p2;
    alignas(8) const float* p3;
    alignas(8) float* q0;
    alignas(8) float* q1;
    alignas(8) Index count;
    alignas(8) float k0;
};
struct Table {
    unsigned long long first[4];
    Row row[4];
};
__device__ __forceinline__ void one(
    const float* p0,
    const float* __restrict__ p1,
    const float* p2,
    const float* __restrict__ p3,
    float* q0,
    float* q1,
    Index count,
    float k0,
    const unsigned block)
{
    const Index i = ((Index)block * 256u + threadIdx.x) * 4u;
    if (i >= count) return;
    const float t6 = wide(p3[0]);
    const Vec<float, 4> a0 = load<4>(p0 + i);                                     // v13: f32[256, 768]
    const Vec<float, 4> a3 = load<4>(p1 + i);                                     // v16: f32[256, 768]
    const Vec<float, 4> a5 = load<4>(p2 + i);                                     // v18: f32[256, 768]
    Vec<float, 4> v0;
    Vec<float, 4> v1;
    #pragma unroll
    for (int j = 0; j < 4; ++j) {
        const float t0 = wide(a0.at[j]);
        const float t2 = t0 * k0;                                                 // v15 = mul
        const float t3 = wide(a3.at[j]);
        const float t4 = t2 + t3;                                                 // v17 = add
        const float t5 = wide(a5.at[j]);
        const float t7 = t4 * t6;                                                 // v20 = mul
        const float t8 = t5 - t7;                                                 // v21 = sub
        v0.at[j] = as<float>(t4);
        v1.at[j] = as<float>(t8);
    }
    store(q0 + i, v0);
    store(q1 + i, v1);
}

extern "C" __global__ void __launch_bounds__(256) pointwise_mul_add_mul_sub_each(const __grid_constant__ Table table)
{
    unsigned n = 0;
    #pragma unroll
    for (unsigned step = 2; step > 0; step /= 2) {
        if (n + step < 4 && table.first[n + step] <= blockIdx.x) n += step;
    }
    const Row& row = table.row[n];
    one(row.p0, row.p1, row.p2, row.p3, row.q0, row.q1, row.count, row.k0, blockIdx.x - (unsigned)table.first[n]);
}
