// In place of cuRAND's header of this name: programs that draw nothing need its names only.
#pragma once

struct curandState {};

template <typename... T> void curand_init(T...) {}
template <typename... T> unsigned curand_poisson(T...) { return 0; }
