#!/usr/bin/env bash
# Brian2's cython and cpp_standalone modes and NESTML models are compiled on this machine: they need
# g++ and the headers of the Python that runs them. Installs both on a Debian system where we are
# root; anywhere else says what to install.
# Usage: tools/ensure_compiler.sh PYTHON
set -euo pipefail

python=${1:?usage: tools/ensure_compiler.sh PYTHON}

have_compiler() { command -v "${CXX:-g++}" >/dev/null; }
have_headers() {
    "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())'
}

missing=()
have_compiler || missing+=(g++)
have_headers || missing+=("$("$python" -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])')")
[ ${#missing[@]} -eq 0 ] && exit 0

install() {
    echo "Installing ${missing[*]}, which Brian2 and NESTML compile with."
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            "${missing[@]}" >/dev/null
}
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && install; then
    exit 0
fi

cat >&2 <<MESSAGE
Brian2 and NESTML compile C++ on this machine, and this is missing: ${missing[*]}
Install it and run the same command again:
  Debian, Ubuntu:  sudo apt-get install ${missing[*]}
  Fedora:          sudo dnf install gcc-c++ python3-devel
  conda:           conda install -c conda-forge cxx-compiler
The reference backend needs none of this.
MESSAGE
exit 1
