// The functions of CUDA and cuRAND that a program of brian2cuda calls, in the memory of the CPU.
#include "emulation.h"

#include <curand.h>

#include <cstdlib>

Place threadIdx, blockIdx, blockDim;

extern "C" {
cudaError_t cudaMalloc(void** there, size_t size) {
    *there = std::malloc(size ? size : 1);
    std::memset(*there, 0xab, size);  // nothing is 0 by chance
    return cudaSuccess;
}
cudaError_t cudaFree(void* there) {
    std::free(there);
    return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
    std::memcpy(to, from, size);
    return cudaSuccess;
}
cudaError_t cudaMemset(void* there, int value, size_t size) {
    std::memset(there, value, size);
    return cudaSuccess;
}
cudaError_t (cudaMemcpyToSymbol)(const void* symbol, const void* from, size_t size, size_t offset,
                               cudaMemcpyKind) {
    std::memcpy(static_cast<char*>(const_cast<void*>(symbol)) + offset, from, size);
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* found, int) {
    std::memset(found, 0, sizeof(*found));
    found->maxThreadsPerBlock = found->maxThreadsPerMultiProcessor = 64;
    found->multiProcessorCount = 2;
    found->sharedMemPerBlock = 1 << 15;
    found->warpSize = 32;
    return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* found, const void*) {
    std::memset(found, 0, sizeof(*found));
    found->maxThreadsPerBlock = 64;
    return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* found, const void*, int,
                                                                   size_t, unsigned) {
    *found = 1;
    return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* found, const void*, int, size_t) {
    *found = 1;
    return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    *free = *total = size_t(1) << 30;
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaProfilerStop() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "emulated"; }

curandStatus_t curandCreateGenerator(curandGenerator_t*, curandRngType_t) {
    return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandDestroyGenerator(curandGenerator_t) { return CURAND_STATUS_SUCCESS; }
curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t, unsigned long long) {
    return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) {
    return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGenerateUniformDouble(curandGenerator_t, double*, size_t) {
    return CURAND_STATUS_INTERNAL_ERROR;
}
curandStatus_t curandGenerateNormalDouble(curandGenerator_t, double*, size_t, double, double) {
    return CURAND_STATUS_INTERNAL_ERROR;
}
curandStatus_t curandGeneratePoisson(curandGenerator_t, unsigned*, size_t, double) {
    return CURAND_STATUS_INTERNAL_ERROR;
}
}
