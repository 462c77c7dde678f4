"""Compile a NESTML model into a module that NEST can load.

This file stands alone: it needs ``nestml``, a C++ compiler and, for the NEST wheel, the package
``libboost-headers``. An exported project carries a copy of it.

NESTML writes the C++. Its own build step wants the folders in which NEST was built; one call of
the compiler does the same with what is installed.
"""

from __future__ import annotations

__all__ = ["BuildError", "CompilerMissingError", "build_module", "generate_cpp", "require_tools"]

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Full optimisation, but no fused or reordered arithmetic: results equal those of NumPy to the bit.
FLAGS = ["-O3", "-DNDEBUG", "-std=c++20", "-fopenmp", "-fPIC", "-shared", "-ffp-contract=off"]

# NESTML declares spike input in 1/s and converts to 1/ms and back, which rounds twice. The pair
# of factors cancels; without it the weight arrives with all its bits.
_ROUND_TRIP = re.compile(r"\(0\.001 \* (B_\.spike_inputs_grid_sum_\[[^\]]+\])\) \* 1000\.0*")

_LTDL = """\
// Declares the one type of libltdl that NEST's headers name; nothing of the library is used.
typedef struct lt__handle* lt_dlhandle;
"""


class BuildError(RuntimeError):
    """NESTML or the compiler refused the model."""


class CompilerMissingError(ImportError):
    """A tool that is needed to compile a model is not installed."""


def build_module(name: str, text: str, cache: Path) -> Path:
    """Compile the NESTML model ``name``, or find it compiled.

    Parameters
    ----------
    name : str
        Name of the model in NEST.
    text : str
        NESTML source.
    cache : Path
        Folder of compiled modules; several processes may use it at the same time.

    Returns
    -------
    Path
        What to give to ``nest.Install``: the path of the module without its suffix.

    Raises
    ------
    CompilerMissingError
        If the C++ compiler or a package is missing.
    BuildError
        With the message of NESTML or of the compiler.
    """
    command = require_tools()
    key = _key(text, command)
    folder, module = cache / f"{name}-{key}", f"{name}module"
    if not (folder / f"{module}.so").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
        try:
            _build(name, text, module, command, scratch)
            _publish(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return folder / module


def require_tools() -> list[str]:
    """The compiler's command line, or a :class:`CompilerMissingError` that says what to install."""
    if _version("nestml") == "none":
        raise CompilerMissingError(
            "a model that NEST does not have built in needs NESTML: pip install 'nestml>=9,<9.1'"
        )
    return [*_compiler(), *FLAGS, *_nest_flags()]


def _compiler() -> list[str]:
    command = shlex.split(os.environ.get("CXX", "g++"))
    if not command or shutil.which(command[0]) is None:
        raise CompilerMissingError(
            f"compiling a NESTML model needs a C++ compiler, and {' '.join(command) or 'CXX'!r} is "
            "not on the PATH: install one (Debian, Ubuntu: apt install g++; conda: conda install "
            "gxx), or set the environment variable CXX. Models that NEST has built in need none."
        )
    return command


def _nest_flags() -> list[str]:
    """Where NEST's headers are, and which string ABI its binary has."""
    package = _package_folder("nest", "nest-simulator")
    wheel = package / "include" / "nest"
    if wheel.is_dir():
        boost = _package_folder("libboost_headers", "libboost-headers") / "include"
        return ["-D_GLIBCXX_USE_CXX11_ABI=0", f"-I{wheel}", f"-I{boost}"]
    config = shutil.which("nest-config")
    if config is None:
        raise CompilerMissingError(
            f"NEST at {package} has no headers, and nest-config is not on the PATH: source "
            "nest_vars.sh of that NEST, or pip install nest-simulator"
        )
    answer = _run([config, "--includes", "--cflags"])
    return [f for f in shlex.split(answer.stdout) if f.startswith(("-I", "-D"))]


def _package_folder(module: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise CompilerMissingError(
            f"compiling a NESTML model needs the package {distribution}: pip install {distribution}"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _key(text: str, command: list[str]) -> str:
    """Changes with everything that the compiled module depends on."""
    compiler = _run([command[0], "--version"])
    versions = [f"{p}={_version(p)}" for p in ("nestml", "nest-simulator")]
    parts = [text, *command, compiler.stdout.partition("\n")[0], *versions]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _nest_version() -> str:
    """Which NEST to write for. NESTML would ask one that has all models, in another process."""
    found = _version("nest-simulator")
    return "3.10.0" if found == "none" else found


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _build(name: str, text: str, module: str, command: list[str], folder: Path) -> None:
    """Fill ``folder`` with the NESTML source, the C++ and the compiled module."""
    source, code, headers = folder / f"{name}.nestml", folder / "cpp", folder / "compatibility"
    source.write_text(text, encoding="utf-8")
    headers.mkdir()
    (headers / "ltdl.h").write_text(_LTDL)
    # In a process of its own: NESTML keeps global state and prints.
    arguments = [str(source), str(code), module]
    made = _run([sys.executable, __file__, *arguments])
    if not (code / f"{name}.cpp").is_file():
        said = _tail(made.stdout + made.stderr)
        raise BuildError(f"NESTML refused model {name}:\n{said}\n{text}")
    _drop_round_trip(code / f"{name}.cpp", n_ports=text.count("<- spike"))
    whole = _join(code, name, module)
    output = ["-idirafter", str(headers), "-o", str(folder / f"{module}.so")]
    done = _run([*command, str(whole), *output])
    if done.returncode:
        raise BuildError(f"the compiler refused model {name}:\n{_tail(done.stderr)}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a tool; under mpirun as a process on its own, for NESTML imports NEST."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMI", "MV2_"))}
    quiet = {**ours, "PYNEST_QUIET": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)


def _drop_round_trip(path: Path, n_ports: int) -> None:
    text, count = _ROUND_TRIP.subn(r"\1", path.read_text(encoding="utf-8"))
    if count != n_ports:
        raise BuildError(
            f"NESTML {_version('nestml')} writes spike input in another way than 9.0 does "
            f"({count} of {n_ports} ports recognised in {path.name}): pip install 'nestml>=9,<9.1'"
        )
    path.write_text(text, encoding="utf-8")


def _join(code: Path, name: str, module: str) -> Path:
    """One file of model and module: NEST's headers take longer to compile than the model does."""
    # This header has no guard, and the interface of extensions includes it.
    model = (code / f"{name}.cpp").read_text(encoding="utf-8").replace('#include "nest_impl.h"', "")
    registration = (code / f"{module}.cpp").read_text(encoding="utf-8")
    whole = code / "whole.cpp"
    parts = ['#include "nest_extension_interface.h"', model, registration]
    whole.write_text("\n".join(parts), encoding="utf-8")
    return whole


def _publish(scratch: Path, folder: Path) -> None:
    """Show the finished folder in one step; if another process was faster, its folder stands."""
    try:
        scratch.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _tail(text: str, lines: int = 25) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def generate_cpp(source: str, folder: str, module: str) -> None:
    """Let NESTML write the C++ of one model, with all digits of every number."""
    from pynestml.codegeneration.nest_builder import NESTBuilder
    from pynestml.codegeneration.nest_tools import NESTTools
    from pynestml.codegeneration.printers.constant_printer import ConstantPrinter
    from pynestml.frontend.pynestml_frontend import generate_nest_target

    ConstantPrinter.n_float_digits = 17
    version = f"v{_nest_version()}"
    NESTTools.detect_nest_version = lambda: version  # it asks even if it is told
    NESTBuilder.build = lambda self: None
    generate_nest_target(
        source, target_path=folder, module_name=module, logging_level="ERROR",
        codegen_opts={"nest_version": version, "nest_path": sys.prefix},
    )  # fmt: skip


if __name__ == "__main__":
    generate_cpp(*sys.argv[1:])
