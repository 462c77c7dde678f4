// Input that was drawn beforehand, and samples of state, for a network compiled by Brian2.
// Everything is read when the simulation starts, so one binary serves any input.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace player {

// Read a whole file of numbers; stop the program if it is not there.
template <typename T> void read(const std::string& path, std::vector<T>& values) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
        std::cerr << "cannot read " << path << std::endl;
        std::exit(1);
    }
    values.resize(static_cast<size_t>(file.tellg()) / sizeof(T));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T));
}

// Rows (step, neuron, value), sorted by step.
class Table {
    std::vector<int64_t> step;
    std::vector<int32_t> neuron;
    std::vector<double> value;
    size_t next = 0;

    bool has_row(int64_t now) const { return next < step.size() && step[next] == now; }

public:
    explicit Table(const std::string& name) {
        read("inputs/" + name + ".step", step);
        read("inputs/" + name + ".neuron", neuron);
        read("inputs/" + name + ".value", value);
    }

    // variable[neuron] = value
    void set(int64_t now, double* variable) {
        for (; has_row(now); next++) variable[neuron[next]] = value[next];
    }

    // variable[neuron] += value
    void add(int64_t now, double* variable) {
        for (; has_row(now); next++) variable[neuron[next]] += value[next];
    }

    // variable[neuron] += value, unless the neuron is clamped in this step
    void add_if_free(int64_t now, double* variable, const int32_t* last_spike,
                     const int32_t* refractory_steps, bool one_for_all) {
        for (; has_row(now); next++) {
            const int32_t n = neuron[next];
            if (now - last_spike[n] > refractory_steps[one_for_all ? 0 : n])
                variable[n] += value[next];
        }
    }
};

// Writes the variable of some neurons after every `interval` steps.
class Sampler {
    std::vector<int32_t> neurons;
    std::vector<double> row;
    std::ofstream file;
    int64_t interval;

public:
    Sampler(const std::string& name, const std::string& results, int64_t interval)
        : file(results + name + ".samples", std::ios::binary), interval(interval) {
        read("samples/" + name + ".neurons", neurons);
        row.resize(neurons.size());
    }

    void sample(int64_t now, const double* variable) {
        if ((now + 1) % interval != 0) return;
        for (size_t k = 0; k < neurons.size(); k++) row[k] = variable[neurons[k]];
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
    }
};

// Give a SpikeGeneratorGroup its spikes.
inline void read_spikes(const std::string& name, std::vector<int32_t>& timebins,
                        std::vector<int32_t>& neurons) {
    read("inputs/" + name + ".step", timebins);
    read("inputs/" + name + ".neuron", neurons);
}

// How many steps to run.
inline int64_t steps_to_run() {
    std::vector<int64_t> steps;
    read("inputs/n_steps", steps);
    return steps.at(0);
}

}  // namespace player
