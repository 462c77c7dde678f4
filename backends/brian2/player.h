// Input that was drawn beforehand, and samples of state, for a network compiled by Brian2.
// Everything is read when the simulation starts, so one binary serves any input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace player {

// Read a whole file of numbers; stop the program if it is not there.
template <typename Values> void read(const std::string& path, Values& values) {
    typedef typename Values::value_type T;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
        std::cerr << "cannot read " << path << std::endl;
        std::exit(1);
    }
    values.resize(static_cast<size_t>(file.tellg()) / sizeof(T));
    file.seekg(0);
    if (values.size())
        file.read(reinterpret_cast<char*>(&values[0]), values.size() * sizeof(T));
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

// Brings back what a group of `size` neurons sent some steps ago; 0 before the first.
class History {
    std::vector<int64_t> delays;
    std::vector<std::vector<double> > ring;

public:
    History(size_t size, const std::vector<int64_t>& delays)
        : delays(delays),
          ring(*std::max_element(delays.begin(), delays.end()) + 1,
               std::vector<double>(size, 0.0)) {}

    // past holds `size` values for each delay, one delay after the other
    void play(int64_t now, const double* sent, double* past) {
        const int64_t length = ring.size();
        std::vector<double>& kept = ring[now % length];
        std::copy(sent, sent + kept.size(), kept.begin());
        for (size_t k = 0; k < delays.size(); k++) {
            const std::vector<double>& then = ring[(now + length - delays[k]) % length];
            past = std::copy(then.begin(), then.end(), past);
        }
    }
};

// Give a SpikeGeneratorGroup its spikes.
template <typename Values>
void read_spikes(const std::string& name, Values& timebins, Values& neurons) {
    read("inputs/" + name + ".step", timebins);
    read("inputs/" + name + ".neuron", neurons);
}

// How many steps to run.
inline int64_t steps_to_run() {
    std::vector<int64_t> steps;
    read("inputs/n_steps", steps);
    return steps.at(0);
}

typedef std::vector<void (*)()> Functions;

// Run a network in which some functions are called in the first steps only, others after them.
template <typename Network, typename Report>
void simulate(Network& net, double dt, int64_t start_steps, const Functions& first,
              const Functions& later, Report report) {
    const int64_t n_steps = steps_to_run(), beginning = std::min(start_steps, n_steps);
    const auto all = net.objects;
    const auto run_without = [&](const Functions& off, int64_t steps) {
        for (size_t k = 0; k < all.size(); k++) {
            const bool is_off = std::find(off.begin(), off.end(), all[k].second) != off.end();
            net.objects[k].second = is_off ? NULL : all[k].second;
        }
        net.run(steps * dt, report, 1.0);
    };
    if (beginning > 0) run_without(later, beginning);
    if (beginning == 0 || !Network::_globally_stopped) run_without(first, n_steps - beginning);
}

}  // namespace player
