#!/usr/bin/env bash
# The wheel of NEST has no MPI. This builds NEST from its source package with MPI, into a prefix of
# its own, for the Python that is given; what is built already is kept. It takes 15 to 30 minutes on
# two cores.
# Usage: tools/nest_with_mpi.sh PREFIX [PYTHON]
#   NEST_VERSION  which NEST (default: the one of constraints.txt)
#   NEST_MODELS   models to build, separated by ';' (default: all)
#   JOBS          compilers at a time (default: all cores)
set -euo pipefail

prefix=$(realpath -m "${1:?usage: tools/nest_with_mpi.sh PREFIX [PYTHON]}")
python=$(command -v "${2:-python3}")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
here=$(cd "$(dirname "$0")/.." && pwd)
version=${NEST_VERSION:-$(sed -n 's/^nest-simulator==//p' "$here/constraints.txt")}
source="$prefix/src/nest_simulator-$version"

missing=()
for tool in cmake make mpicxx mpirun gsl-config; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
"$python" -c 'import Cython, numpy' 2>/dev/null || missing+=("the Python packages cython and numpy")
if [ ${#missing[@]} -gt 0 ]; then
    cat >&2 <<MESSAGE
Building NEST with MPI needs what is not here: $(printf '%s, ' "${missing[@]}" | sed 's/, $//')
  Debian, Ubuntu:  sudo apt-get install cmake make g++ libopenmpi-dev openmpi-bin libgsl-dev libltdl-dev libboost-dev
  conda:           conda install -c conda-forge cmake make cxx-compiler openmpi gsl libtool boost-cpp
  Python:          $python -m pip install cython numpy
MESSAGE
    exit 1
fi

installed() { compgen -G "$prefix/lib*/python*/*-packages/nest/nestkernel_api*.so" | head -n 1; }
if [ -z "$(installed)" ] && [ ! -d "$source" ]; then
    echo "Fetching the source package of NEST $version."
    mkdir -p "$prefix/src"
    "$python" -m pip download --quiet --no-deps --no-binary nest-simulator \
        --dest "$prefix/src" "nest-simulator==$version"
    scratch=$(mktemp -d -p "$prefix/src")
    tar -xzf "$source.tar.gz" -C "$scratch"
    mv "$scratch/$(basename "$source")" "$source" && rmdir "$scratch"
fi

if [ -z "$(installed)" ]; then
    echo "Building in $prefix/build, into $prefix; what is said goes to $prefix/build.log."
    choice=()
    [ -z "${NEST_MODELS:-}" ] || choice=("-Dwith-models=$NEST_MODELS")
    {
        cmake -S "$source" -B "$prefix/build" -DCMAKE_INSTALL_PREFIX="$prefix" \
            -DPython_EXECUTABLE="$python" -Dwith-mpi=ON "${choice[@]}"
        cmake --build "$prefix/build" --parallel "${JOBS:-$(nproc)}"
        cmake --install "$prefix/build"
    } >"$prefix/build.log" 2>&1 || {
        tail -n 30 "$prefix/build.log" >&2
        exit 1
    }
fi

packages=$(dirname "$(dirname "$(installed)")")
cat <<MESSAGE
NEST $version with MPI is in $prefix. To use it:
  $python -m pip install 'mpi4py>=4.1'
  export PYTHONPATH=$packages PATH=$prefix/bin:\$PATH
  mpirun -n 2 $python -m mpi4py script.py
MESSAGE
