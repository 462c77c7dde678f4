"""Stands in for ``make``: builds a CUDA project as a program that runs on the CPU.

Launches of kernels become loops over their threads, calls of CUDA work in the memory of the CPU
(``emulation/``), and the rest of the text is compiled as it is, by g++ with the headers of CUDA.
So what a test runs is the program that Brian2 and neurobridge wrote for a GPU: its kernels, the
order in which they are called, its delays, its input and its results.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

EMULATION = Path(__file__).resolve().parent / "emulation"
LAUNCH = re.compile(r"(\w+)\s*<<<(.*?)>>>\s*\(", re.DOTALL)
FLAGS = (
    "-std=c++17 -fpermissive -w -O0 -ffp-contract=off "
    "-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP"
)


def main() -> None:
    project = Path.cwd()
    for path in [*project.rglob("*.cu"), *project.rglob("*.h")]:
        path.write_text(without_launches(path.read_text()))
    for name in ("emulation.h", "emulation.cpp", "curand_kernel.h"):
        (project / name).write_bytes((EMULATION / name).read_bytes())
    (project / "emulated.mk").write_text(makefile(project))
    make = os.environ["REAL_MAKE"]
    subprocess.run([make, "-s", "-f", "emulated.mk", *sys.argv[1:]], check=True)


def without_launches(text: str) -> str:
    """``kernel<<<blocks, threads>>>(...)`` as ``emulation::launch(blocks, threads, [&] {...})``."""
    parts, done = [], 0
    while launch := LAUNCH.search(text, done):
        depth, end = 1, launch.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        call = f"{launch[1]}({text[launch.end() : end]}"
        parts += [text[done : launch.start()], f"emulation::launch({launch[2]}, [&] {{ {call}; }})"]
        done = end
    return "".join(parts) + text[done:]


def makefile(project: Path) -> str:
    """Rules that compile every file, with the long headers compiled once."""
    toolkit = headers_of_cuda()
    found = re.search(r"-I(\S*/nvidia/\S*)", (project / "makefile").read_text())
    folders = [str(toolkit), f"{toolkit}/cccl", *([found[1]] if found else [])]
    compile_ = f"g++ {FLAGS} -I. {' '.join(f'-isystem {folder}' for folder in folders)}"
    sources = [
        *sorted(path.relative_to(project) for path in project.rglob("*.cu")),
        "emulation.cpp",
    ]
    objects = " ".join(f"emulated_{k}.o" for k in range(len(sources)))
    rules = [
        f"main: {objects}\n\tg++ $^ -o $@",
        f"emulation.h.gch: emulation.h\n\t{compile_} -x c++-header $< -o $@",
    ]
    rules += [
        f"emulated_{k}.o: {source} emulation.h.gch\n"
        f"\t{compile_} -include emulation.h -x c++ -c $< -o $@"
        for k, source in enumerate(sources)
    ]
    return "\n\n".join(rules) + "\n"


def headers_of_cuda() -> Path:
    """Folder of the headers that nvcc includes."""
    read = subprocess.run(
        ["nvcc", "-E", "-x", "cu", "-"],
        input="#include <cuda_runtime.h>",
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r'"([^"]+)/cuda_runtime\.h"', read.stdout)
    if found is None:
        raise SystemExit("nvcc does not tell where cuda_runtime.h is")
    return Path(found[1])


if __name__ == "__main__":
    main()
