#!/usr/bin/env bash
# Make the environment of the CUDA target: brian2cuda needs Python 3.12 or newer and Brian2 2.10.
# Usage: tools/cuda_environment.sh FOLDER [PYTHON]
set -euo pipefail

folder=${1:?usage: tools/cuda_environment.sh FOLDER [PYTHON]} python=${2:-}
cd "$(dirname "$0")/.."

if [ -z "$python" ]; then
    for candidate in python3.12 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ]; then
    echo "brian2cuda needs Python 3.12 or newer, and none was found." >&2
    echo "Install it, or name one: make cuda-env CUDA_PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! command -v nvcc >/dev/null && [ ! -x "${CUDA_PATH:-/usr/local/cuda}/bin/nvcc" ]; then
    echo "Note: there is no nvcc here; the CUDA toolkit is needed to compile." >&2
fi
[ -x "$folder/bin/python" ] || tools/make_environment.sh "$python" "$folder"
echo "Installing neurobridge with brian2cuda into $folder (once) ..."
"$folder/bin/python" -m pip --disable-pip-version-check install -qq \
    --constraint constraints-cuda.txt --editable ".[cuda]" pytest hypothesis
