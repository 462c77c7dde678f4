// Runs a CUDA program on the CPU: every kernel, thread by thread, in order. That is right for
// kernels whose threads do not wait for each other. Included before everything else.
#pragma once

#include <cuda_runtime.h>
#include <curand.h>
#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/reduce.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/system_error.h>
#include <thrust/unique.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

struct Place {
    unsigned x = 0, y = 0, z = 0;
};
extern Place threadIdx, blockIdx, blockDim;

namespace emulation {

template <typename Body> void launch(int blocks, int threads, Body body) {
    blockDim.x = threads;
    for (int b = 0; b < blocks; b++)
        for (int t = 0; t < threads; t++) {
            blockIdx.x = b;
            threadIdx.x = t;
            body();
        }
}

template <typename Body> void launch(int blocks, int threads, size_t, Body body) {
    launch(blocks, threads, body);
}

template <typename To, typename From> To same_bits(From value) {
    To other;
    std::memcpy(&other, &value, sizeof(other));
    return other;
}

template <typename Kernel> cudaError_t block_size(int* least, int* threads, Kernel, size_t, int) {
    *least = 1;
    *threads = 32;
    return cudaSuccess;
}

}  // namespace emulation

#define cudaOccupancyMaxPotentialBlockSize emulation::block_size
#define cudaMemcpyToSymbol(symbol, ...) \
    cudaMemcpyToSymbol(static_cast<const void*>(&(symbol)), __VA_ARGS__, 0, cudaMemcpyHostToDevice)

inline void __syncthreads() {}
inline void __threadfence() {}

template <typename T, typename S> T atomicAdd(T* at, S value) {
    const T old = *at;
    *at += value;
    return old;
}

template <typename T, typename S, typename R> T atomicCAS(T* at, S expected, R value) {
    const T old = *at;
    if (old == expected) *at = value;
    return old;
}

inline long long __double_as_longlong(double x) { return emulation::same_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulation::same_bits<double>(x); }
inline int __float_as_int(float x) { return emulation::same_bits<int>(x); }
inline float __int_as_float(int x) { return emulation::same_bits<float>(x); }
