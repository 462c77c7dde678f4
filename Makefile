# Everything runs in $(VENV), which is made on first use with the versions of constraints.txt.
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || \
	command -v python3.13 || command -v python3)
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install -qq --constraint constraints.txt
SOURCES_OF_STAMPS := pyproject.toml setup.cfg constraints.txt
# Tests run in so many processes, each file in one of them.
WORKERS ?= 2
# CI runs everything; a laptop leaves out the tests that take minutes (make test SLOW= has them).
SLOW ?= $(if $(CI),,-m "not slow")

# brian2cuda has an environment of its own.
CUDA_VENV ?= .venv-cuda
CUDA_PYTHON ?=

.PHONY: demo test bench lint cuda-env test-cuda
.DELETE_ON_ERROR:

demo: $(VENV)/.installed-all
	@$(VENV)/bin/neurobridge demo

test: $(VENV)/.installed-dev
	@OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile \
		--no-loadscope-reorder $(SLOW) $(ARGS)

bench: $(VENV)/.installed-dev
	@$(PY) -m benchmarks $(ARGS)

lint: $(VENV)/.installed-dev
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

cuda-env: $(CUDA_VENV)/.installed

test-cuda: $(CUDA_VENV)/.installed
	@NEUROBRIDGE_REQUIRE=brian2cuda $(CUDA_VENV)/bin/python -m pytest tests/cuda $(ARGS)

$(CUDA_VENV)/.installed: pyproject.toml setup.cfg constraints-cuda.txt
	@tools/cuda_environment.sh $(CUDA_VENV) "$(CUDA_PYTHON)"
	@touch $@

$(VENV)/.installed-all: $(SOURCES_OF_STAMPS) | $(PY)
	@echo "Installing neurobridge with Brian2, NEST and torch into $(VENV) (once) ..."
	@$(PIP) setuptools wheel cython numpy
	@$(PIP) --no-build-isolation --editable ".[all]"
	@tools/ensure_compiler.sh $(PY)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-all
	@echo "Installing the development tools into $(VENV) (once) ..."
	@$(PIP) setuptools-scm
	@$(PIP) --no-build-isolation --editable ".[all,dev]"
	@$(PIP) --no-build-isolation --no-deps norse  # torchvision, which it names, fits few builds of torch
	@touch $@

$(PY):
	@tools/make_environment.sh "$(PYTHON)" $(VENV)
