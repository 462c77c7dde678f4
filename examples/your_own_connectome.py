"""A connectome of your own needs no code: two tables and a column mapping.

python examples/your_own_connectome.py
"""

import tempfile
from pathlib import Path

from neurobridge.connectome import Argmax, load

MAPPING = """\
dataset: my-fly
nodes:
  file: neurons.tsv
  id: body_id
  labels: {cell_type: type, nt: transmitter}
edges:
  file: synapses.csv
  pre: from
  post: to
  count: n
"""
NEURONS = """\
body_id\ttype\ttransmitter
720575940602553568\tPN\tACH
720575940602564320\tKC\tACH
720575940613583001\tAPL\tGABA
"""
SYNAPSES = """\
from,to,n
720575940602553568,720575940602564320,7
720575940602564320,720575940613583001,12
720575940613583001,720575940602564320,31
720575940602553568,720575940602564320,4
"""

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "neurons.tsv").write_text(NEURONS)
    (folder / "synapses.csv").write_text(SYNAPSES)
    mine = load("table", folder / "mapping.yaml").with_signs(Argmax("fly"))

print(mine.describe())
print(mine.edges)  # two rows of one pair were summed; ids are exact
print(mine.select("cell_type != 'APL'"))
