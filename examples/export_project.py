"""Export a run as a project that needs Brian2 or NEST, but not neurobridge.

python examples/export_project.py FOLDER
"""

import sys
import tempfile
from pathlib import Path

from neurobridge import compile, load_experiment

target = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
network = load_experiment("celegans").network()
for backend in ("brian2", "nest"):
    with compile(network, backend, dt=0.1) as compiled:
        folder = compiled.export(target / backend, 200.0, seed=1)
    print(f"{backend}: {', '.join(sorted(p.name for p in folder.iterdir()))} in {folder}")
