// What player.h does, for variables in the memory of a GPU. All rows are copied there once.
#pragma once

#include <cuda_runtime.h>

#include "player.h"

namespace player {
namespace gpu {

// Stop the program if a call failed; errors of kernels come up in a later call.
inline void check(cudaError_t error, const char* doing) {
    if (error == cudaSuccess) return;
    std::cerr << "CUDA error while " << doing << ": " << cudaGetErrorString(error) << std::endl;
    std::exit(1);
}

// Memory of the GPU for so many values. It is used until the program ends, and never given back:
// what destroys static objects runs when CUDA is already gone.
template <typename T> T* reserve(size_t size) {
    T* there = NULL;
    check(cudaMalloc(&there, std::max<size_t>(size, 1) * sizeof(T)), "reserving memory for input");
    return there;
}

template <typename T> T* upload(const std::vector<T>& values) {
    T* there = reserve<T>(values.size());
    check(cudaMemcpy(there, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
          "copying input to the GPU");
    return there;
}

const int THREADS = 256;

inline int blocks(size_t size) { return static_cast<int>((size + THREADS - 1) / THREADS); }

static __device__ int this_thread() { return blockIdx.x * blockDim.x + threadIdx.x; }

static __global__ void set_rows(int n, const int32_t* neuron, const double* value,
                                double* variable) {
    const int k = this_thread();
    if (k < n) variable[neuron[k]] = value[k];
}

static __global__ void add_rows(int n, const int32_t* neuron, const double* value,
                                double* variable) {
    const int k = this_thread();
    if (k < n) variable[neuron[k]] += value[k];
}

static __global__ void add_rows_if_free(int n, const int32_t* neuron, const double* value,
                                        double* variable, int64_t now, const int32_t* last_spike,
                                        const int32_t* refractory_steps, bool one_for_all) {
    const int k = this_thread();
    if (k >= n) return;
    const int32_t i = neuron[k];
    if (now - last_spike[i] > refractory_steps[one_for_all ? 0 : i]) variable[i] += value[k];
}

static __global__ void gather(int n, const int32_t* neuron, const double* variable, double* row) {
    const int k = this_thread();
    if (k < n) row[k] = variable[neuron[k]];
}

// Rows (step, neuron, value), sorted by step; a (step, neuron) has at most one, so the threads of
// a step never meet.
class Table {
    std::vector<int64_t> step;
    const int32_t* neuron;
    const double* value;
    size_t first = 0, last = 0;

    // Whether there are rows for this step: those from first to before last.
    bool find(int64_t now) {
        first = last;
        while (last < step.size() && step[last] == now) last++;
        return last > first;
    }

    int n() const { return static_cast<int>(last - first); }

public:
    explicit Table(const std::string& name) {
        std::vector<int32_t> neurons;
        std::vector<double> values;
        read("inputs/" + name + ".step", step);
        read("inputs/" + name + ".neuron", neurons);
        read("inputs/" + name + ".value", values);
        neuron = upload(neurons);
        value = upload(values);
    }

    // variable[neuron] = value
    void set(int64_t now, double* variable) {
        if (find(now))
            set_rows<<<blocks(n()), THREADS>>>(n(), neuron + first, value + first, variable);
    }

    // variable[neuron] += value
    void add(int64_t now, double* variable) {
        if (find(now))
            add_rows<<<blocks(n()), THREADS>>>(n(), neuron + first, value + first, variable);
    }

    // variable[neuron] += value, unless the neuron is clamped in this step
    void add_if_free(int64_t now, double* variable, const int32_t* last_spike,
                     const int32_t* refractory_steps, bool one_for_all) {
        if (find(now))
            add_rows_if_free<<<blocks(n()), THREADS>>>(n(), neuron + first, value + first,
                                                       variable, now, last_spike,
                                                       refractory_steps, one_for_all);
    }
};

// Writes the variable of some neurons after every `interval` steps.
class Sampler {
    std::vector<double> row;
    std::ofstream file;
    int64_t interval;
    const int32_t* neurons;
    double* row_there;

public:
    Sampler(const std::string& name, const std::string& results, int64_t interval)
        : file(results + name + ".samples", std::ios::binary), interval(interval) {
        std::vector<int32_t> chosen;
        read("samples/" + name + ".neurons", chosen);
        row.resize(chosen.size());
        neurons = upload(chosen);
        row_there = reserve<double>(row.size());
    }

    void sample(int64_t now, const double* variable) {
        if ((now + 1) % interval != 0 || row.empty()) return;
        const int n = static_cast<int>(row.size());
        gather<<<blocks(n), THREADS>>>(n, neurons, variable, row_there);
        check(cudaMemcpy(row.data(), row_there, n * sizeof(double), cudaMemcpyDeviceToHost),
              "copying samples from the GPU");
        file.write(reinterpret_cast<const char*>(row.data()), n * sizeof(double));
    }
};

// Brings back what a group of `size` neurons sent some steps ago; 0 before the first.
class History {
    size_t size;
    std::vector<int64_t> delays;
    int64_t length;
    double* ring;

    void copy(double* to, const double* from) const {
        check(cudaMemcpy(to, from, size * sizeof(double), cudaMemcpyDeviceToDevice),
              "copying what was sent");
    }

public:
    History(size_t size, const std::vector<int64_t>& delays)
        : size(size), delays(delays), length(*std::max_element(delays.begin(), delays.end()) + 1) {
        ring = upload(std::vector<double>(size * length, 0.0));
    }

    // past holds `size` values for each delay, one delay after the other
    void play(int64_t now, const double* sent, double* past) {
        copy(ring + size * (now % length), sent);
        for (size_t k = 0; k < delays.size(); k++)
            copy(past + size * k, ring + size * ((now + length - delays[k]) % length));
    }
};

}  // namespace gpu
}  // namespace player
