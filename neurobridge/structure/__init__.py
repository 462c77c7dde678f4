"""Structured connectivity: areas, cell classes and blocks, and weights on exactly their edges.

Matrices are post x pre everywhere: row ``i`` holds the inputs of neuron ``i``, and the sign of a
neuron (Dale's law) is that of its column.
"""

__all__ = [
    "Block",
    "BlockDensity",
    "Blocks",
    "Initialiser",
    "MultiArea",
    "MultiAreaEI",
    "Normal",
    "Orthogonal",
    "RandomSubsets",
    "Structure",
    "SynapseCounts",
    "Uniform",
    "Weights",
    "draw",
    "equal_areas",
    "spectral_radius",
]

from neurobridge.structure.blocks import Block, Blocks
from neurobridge.structure.density import BlockDensity
from neurobridge.structure.drawing import draw
from neurobridge.structure.initialisers import (
    Initialiser,
    Normal,
    Orthogonal,
    Uniform,
)
from neurobridge.structure.multi_area import MultiArea, equal_areas
from neurobridge.structure.multi_area_ei import MultiAreaEI
from neurobridge.structure.random_subsets import RandomSubsets
from neurobridge.structure.spectrum import spectral_radius
from neurobridge.structure.structure import Structure
from neurobridge.structure.synapse_counts import SynapseCounts
from neurobridge.structure.weights import Weights
