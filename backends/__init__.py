"""Backends. Each folder turns a :class:`~neurobridge.lowering.program.Program` into a run."""

if not __name__.startswith("neurobridge."):
    raise ImportError("import this package as neurobridge.backends, never as 'backends'")
