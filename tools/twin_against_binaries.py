"""Compare the twin with the binaries of sPyNNaker on many random networks: a long run, not in CI.

    python -m tools.twin_against_binaries --examples 500

Hypothesis draws cells and seeds, and reduces a failure to few cells and a small seed. The networks
are those of ``tests/equivalence/random_chip_networks.py``.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.equivalence.random_chip_networks import CELLS, random_network
from tests.equivalence.test_twin_and_binaries import compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=200)
    examples = parser.parse_args().examples
    done = {"networks": 0, "integers": 0}
    start = time.monotonic()

    @settings(
        max_examples=examples, deadline=None, derandomize=False, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        cells=st.lists(st.sampled_from(CELLS), min_size=1, max_size=3, unique=True),
        seed=st.integers(0, 2**31 - 1),
    )
    def agree(cells: list[str], seed: int) -> None:
        tally = compared(random_network(np.random.default_rng(seed), tuple(cells)))
        done["networks"] += 1
        done["integers"] += tally.compared
        assert tally.mismatches == 0, f"{tally.mismatches} mismatches, first {tally.first}"

    agree()
    print(
        f"{done['networks']} networks, {done['integers']:,} integers, 0 mismatches, "
        f"{time.monotonic() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
