#!/usr/bin/env bash
# Make a virtual environment, or say what keeps us from it.
# Usage: tools/make_environment.sh PYTHON FOLDER
set -euo pipefail

python=${1:-} folder=${2:?usage: tools/make_environment.sh PYTHON FOLDER}

if [ -z "$python" ]; then
    echo "neurobridge needs Python 3.11 or newer, and none was found on PATH." >&2
    echo "Install it, or name one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "neurobridge needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python cannot make virtual environments: its modules venv and ensurepip are missing." >&2
    echo "On Debian or Ubuntu install them: apt-get install python3-venv" >&2
    exit 1
fi
echo "Making $folder with $("$python" --version) ..."
"$python" -m venv "$folder"
