#!/usr/bin/env bash
# On a machine with an NVIDIA GPU and the CUDA toolkit: make the environment, run a handful of networks
# on the GPU, compare them with the reference, and print the result as JSON.
# Usage: tools/cuda_run.sh [PYTHON] > gpu.json
set -euo pipefail

cd "$(dirname "$0")/.."
tools/cuda_environment.sh .venv-cuda "${1:-}" >&2
exec .venv-cuda/bin/python tools/cuda_run.py
