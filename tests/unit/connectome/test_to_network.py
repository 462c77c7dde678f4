"""From a connectome to a network: nothing that was decided or dropped gets lost."""

from __future__ import annotations

from neurobridge import check, models, run, to_network
from neurobridge.connectome import Argmax, load


def test_findings_references_and_edge_labels_travel_with_the_network() -> None:
    worm = load("celegans").with_signs(Argmax("celegans"), unknown="drop")
    network = to_network(worm, models.lif_exp, weight="30 pA", delay="1 ms", gap_junctions="drop")
    codes = [f.code for f in check(network, "reference", dt=0.1)]
    assert codes == ["unknown_transmitter", "gap_junctions_dropped"]
    assert [f.code for f in run(network, 1.0, "reference", dt=0.1).findings] == codes
    assert {r.key for r in network.references} == {"cook2019", "lif_exp", "wang2024"}
    assert network.metadata["edge_labels"]["kind"] == ("chemical", "gap")
    edges = network.projections["synapses"].edges
    assert set(edges.columns["kind"].tolist()) == {0}  # chemical
    assert edges.n_edges == int((~worm.is_gap).sum())
