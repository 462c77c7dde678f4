"""neuPrint, FlyStability, bio2art, matrices, graphs, and reading pickles safely."""

from __future__ import annotations

import pickle

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from neurobridge.connectome import Provenance, from_matrix, from_networkx, load, sources
from neurobridge.connectome.unpickle import load_plain
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError
from tests.data import reference_data

P = Provenance("test")
MATRIX = np.array([[0, 2, 0], [0, 1, 3], [4, 0, 0]])


@pytest.fixture
def neuprint(tmp_path):
    (tmp_path / "traced-neurons.csv").write_text(
        'bodyId,type,instance,predictedNt\n20,ER4m,"ER4m(R)",gaba\n10,EPG,,unclear\n'
    )
    (tmp_path / "traced-total-connections.csv").write_text(
        "bodyId_pre,bodyId_post,weight\n20,10,8\n10,20,1\n"
    )
    (tmp_path / "traced-roi-connections.csv").write_text(
        "bodyId_pre,bodyId_post,roi,weight\n20,10,EB,5\n20,10,BU,3\n10,20,EB,1\n"
    )
    return tmp_path


def test_neuprint(neuprint):
    c = load("neuprint", neuprint, dataset="hemibrain", release="v1.2.1")
    assert c.edges.values.tolist() == [[20, 10, 8], [10, 20, 1]]
    assert c.neurons["cell_type"].tolist() == ["EPG", "ER4m"]
    assert c.neurons["nt"].tolist() == ["unclear", "gaba"]
    assert [r.key for r in c.references] == ["scheffer2020"]
    by_region = load("neuprint", neuprint, dataset="hemibrain", by_region=True)
    assert by_region.in_region("EB").count.tolist() == [5, 1]


def test_neuprint_errors(neuprint):
    with pytest.raises(UnknownNameError, match="'hemibran'; did you mean 'hemibrain'"):
        load("neuprint", neuprint, dataset="hemibran")
    (neuprint / "traced-total-connections.csv").write_text(
        "bodyId_pre,bodyId_post,weight\n20,11,8\n"
    )
    with pytest.raises(
        ConnectomeError, match=r"not in traced-neurons\.csv: 1 unknown ids, e\.g\. 11"
    ):
        load("neuprint", neuprint, dataset="manc")
    (neuprint / "traced-neurons.csv").unlink()
    with pytest.raises(FileFormatError, match=r"no traced-neurons\.csv or traced-neurons\.csv\.gz"):
        load("neuprint", neuprint, dataset="manc")


@pytest.fixture
def roi(tmp_path):
    folder = tmp_path / "EB"
    folder.mkdir()
    np.save(folder / "adjacency_scc.npy", MATRIX.astype(float))
    np.save(folder / "ei_neuron_types.npy", np.array([1, 0, 1]))
    np.save(folder / "nid_scc.npy", np.array([30, 10, 20]))
    save_pickle(folder / "neurotransmitter_assignments.pkl", {30: 1, 10: 0, 20: np.int64(6)})
    save_pickle(folder / "cell_body_fiber_assignments.pkl", {30: 185, 10: 3})
    return folder


def save_pickle(path, content, protocol=2):
    path.write_bytes(pickle.dumps(content, protocol=protocol))


def test_flystability_row_is_source_and_carries_the_sign(roi):
    c = load("flystability", roi, release="v1.2")
    assert sorted(map(tuple, c.edges.values.tolist())) == [
        (10, 10, 1),
        (10, 20, 3),
        (20, 30, 4),
        (30, 10, 2),
    ]
    assert dict(zip(c.ids.tolist(), c.sign.tolist(), strict=True)) == {30: 1, 10: -1, 20: 1}
    assert c.signs_per_edge.tolist() == c.sign[c.pre].tolist()
    assert c.neurons["nt"].tolist()[0::2] == ["gaba", "acetylcholine"]
    assert c.neurons["nt"].isna().tolist() == [False, True, False]
    assert c.neurons["cell_body_fibre"].tolist()[0::2] == ["3", "185"]
    assert c.provenance.dataset == "hemibrain-EB"


def test_flystability_errors(roi):
    np.save(roi / "ei_neuron_types.npy", np.array([1, 2, 0]))
    with pytest.raises(ConnectomeError, match=r"expected 1 \(excitatory\) or 0 .* got 2"):
        load("flystability", roi)
    np.save(roi / "ei_neuron_types.npy", np.array([1, 0]))
    with pytest.raises(ConnectomeError, match=r"ei_neuron_types\.npy has 2 entries for 3 neurons"):
        load("flystability", roi)
    save_pickle(roi / "neurotransmitter_assignments.pkl", {30: 7})
    with pytest.raises(ConnectomeError, match="expected codes from 0 to 6, got 7 for id 30"):
        load("flystability", roi)
    save_pickle(roi / "neurotransmitter_assignments.pkl", [1, 2])
    with pytest.raises(FileFormatError, match="expected a dict from id to number"):
        load("flystability", roi)
    save_pickle(roi / "neurotransmitter_assignments.pkl", {30: "gaba"})
    with pytest.raises(FileFormatError, match="expected whole numbers"):
        load("flystability", roi)
    np.save(roi / "nid_scc.npy", np.array([30.0, 10.0, 20.0]))
    save_pickle(roi / "neurotransmitter_assignments.pkl", {})
    with pytest.raises(ConnectomeError, match=r"got the float 30\.0"):
        load("flystability", roi)
    (roi / "nid_scc.npy").unlink()
    with pytest.raises(FileFormatError, match=r"no file nid_scc\.npy"):
        load("flystability", roi)


class Evil:
    def __reduce__(self):
        return (print, ("ran",))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_pickles_are_read_without_running_them(tmp_path, protocol, capsys):
    path = tmp_path / "x.pkl"
    plain = {1: [2.5, "a", None], np.int64(3): (np.float64(0.5), {4}), "b": b"bytes"}
    save_pickle(path, plain, protocol)
    assert load_plain(path) == plain
    save_pickle(path, {"x": Evil()}, protocol)
    with pytest.raises(FileFormatError, match=r"wants to use (builtins|__builtin__)\.print"):
        load_plain(path)
    path.write_bytes(b"not a pickle")
    with pytest.raises(FileFormatError, match="is not a pickle of plain data"):
        load_plain(path)
    with pytest.raises(FileFormatError, match=r"no file y\.pkl"):
        load_plain(tmp_path / "y.pkl")
    assert capsys.readouterr().out == ""


BIO2ART = {
    "Drosophila": (49, 1950),
    "Human_Betzel_Normalized": (57, 632),
    "Macaque_Normalized": (29, 536),
    "Marmoset_Normalized": (55, 1862),
    "Mouse_Gamanut_Normalized": (19, 329),
    "Mouse_Ypma_Oh": (56, 1975),
}


@pytest.mark.parametrize("dataset", BIO2ART)
def test_bio2art_sizes(dataset):
    c = load("bio2art", reference_data("bio2art"), dataset=dataset)
    assert (c.n_neurons, c.n_edges) == BIO2ART[dataset]
    assert c.count is None


@pytest.mark.parametrize(
    "dataset", ["Macaque_Normalized", "Marmoset_Normalized", "Mouse_Gamanut_Normalized"]
)
def test_bio2art_tracer_fractions_into_a_target_sum_to_at_most_one(dataset):
    """Neurons labelled from one injected target are counted as fractions of them all."""
    c = load("bio2art", reference_data("bio2art"), dataset=dataset)
    assert np.bincount(c.post, c.weight).max() <= 1.0
    assert np.bincount(c.pre, c.weight).max() > 1.0
    other = load(
        "bio2art",
        reference_data("bio2art"),
        dataset=dataset,
        orientation="row_is_source" if "Gamanut" in dataset else "row_is_target",
    )
    assert np.bincount(other.post, other.weight).max() > 1.0


def test_bio2art_values_names_and_densities():
    folder = reference_data("bio2art")
    matrix = np.load(folder / "C_Macaque_Normalized.npy")
    c = load("bio2art", folder, dataset="Macaque_Normalized")
    assert np.array_equal(c.weight, matrix[c.pre, c.post])
    assert c.names[:2].tolist() == ["V1", "V2"]
    assert int(np.isnan(c.labels["neuron_density"]).sum()) == 5
    with pytest.raises(UnknownNameError, match=r"'Macaque'.*nown: Drosophila"):
        load("bio2art", folder, dataset="Macaque")


@pytest.mark.parametrize("make", [np.array, sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix])
def test_matrix_orientation(make):
    source = from_matrix(make(MATRIX), orientation="row_is_source", values="count", provenance=P)
    target = from_matrix(make(MATRIX), orientation="row_is_target", values="count", provenance=P)
    dense = np.zeros((3, 3), int)
    dense[source.pre, source.post] = source.count
    assert np.array_equal(dense, MATRIX)
    dense[:] = 0
    dense[target.post, target.pre] = target.count
    assert np.array_equal(dense, MATRIX)


def test_matrix_keeps_the_order_of_names_and_sums_doubled_entries():
    doubled = sparse.coo_array(([1, 2], ([0, 0], [1, 1])), shape=(2, 2))
    c = from_matrix(
        doubled, orientation="row_is_source", values="count", names=["b", "a"], provenance=P
    )
    assert c.names.tolist() == ["b", "a"]
    assert c.count.tolist() == [3]


def test_matrix_files(tmp_path):
    np.save(tmp_path / "m.npy", MATRIX > 0)
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(MATRIX / 2))
    options = {"orientation": "row_is_source", "dataset": "mine"}
    assert load("matrix", tmp_path / "m.npy", values="count", **options).n_synapses == 4
    weighted = load("matrix", tmp_path / "m.npz", values="weight", **options)
    assert weighted.strength.sum() == 5.0
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(FileFormatError, match=r"o\.npy holds no matrix of numbers"):
        load("matrix", tmp_path / "o.npy", values="count", **options)
    (tmp_path / "m.mat").touch()
    with pytest.raises(FileFormatError, match=r"expected a matrix in \.npy or \.npz"):
        load("matrix", tmp_path / "m.mat", values="count", **options)


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        (MATRIX, {"orientation": "pre_post"}, "'row_is_source' or 'row_is_target'"),
        (MATRIX, {"values": "float"}, "'count' or 'weight', got 'float'"),
        (MATRIX[:2], {}, r"expected a square matrix, got shape \(2, 3\)"),
        (MATRIX, {"names": ["a"]}, "has 3 rows, but 'name' has 1 entries"),
        (MATRIX, {"ids": [1, 2]}, "has 3 rows, but 'ids' has 2 entries"),
        (MATRIX - 1, {}, "-1 is negative"),
        (MATRIX / 3, {}, "is not whole"),
        (np.full((2, 2), np.nan), {"values": "weight"}, "is not finite"),
        (np.array([["a"]]), {}, "expected numbers"),
    ],
)
def test_matrix_errors(matrix, options, message):
    with pytest.raises(ConnectomeError, match=message):
        from_matrix(
            matrix,
            **{"orientation": "row_is_source", "values": "count", "provenance": P, **options},
        )


def graph():
    g = nx.MultiDiGraph()
    g.add_node("lonely", side="left")
    g.add_edge("a", "b", n=2, kind="chemical")
    g.add_edge("a", "b", n=3, kind="gap")
    g.add_edge("b", "b", n=1, kind="chemical")
    return g


def test_networkx_graphs():
    c = from_networkx(graph(), provenance=P, count="n")
    assert c.names.tolist() == ["a", "b", "lonely"]
    assert c.edges.values.tolist() == [[0, 1, 5], [1, 1, 1]]
    assert c.neurons["side"].isna().tolist() == [True, True, False]
    kinds = from_networkx(graph(), provenance=P, count="n", edge_labels=("kind",))
    assert kinds.is_gap.tolist() == [False, True, False]
    assert from_networkx(graph(), provenance=P).count.tolist() == [2, 1]
    both = from_networkx(nx.path_graph(3), provenance=P, undirected=True)
    assert both.n_edges == 4


def test_networkx_errors():
    with pytest.raises(ConnectomeError, match=r"is undirected.* Pass undirected=True"):
        from_networkx(nx.path_graph(3), provenance=P)
    with pytest.raises(UnknownNameError, match="unknown edge attribute of the graph 'm'"):
        from_networkx(graph(), provenance=P, count="m")
    with pytest.raises(ConnectomeError, match=r"got the float 0\.5"):
        from_networkx(nx.DiGraph([(0.5, 1.5)]), provenance=P)


def test_graphml_round_trip(tmp_path):
    big = 720575940602553568
    g = nx.DiGraph()
    g.add_edge(big, big + 1, n=7)
    nx.write_graphml(g, tmp_path / "g.graphml")
    c = load("graphml", tmp_path / "g.graphml", count="n")
    assert c.edges.values.tolist() == [[big, big + 1, 7]]
    (tmp_path / "bad.graphml").write_text("<graphml><")
    with pytest.raises(FileFormatError, match=r"bad\.graphml cannot be read as GraphML"):
        load("graphml", tmp_path / "bad.graphml")


def test_registry():
    assert {"celegans", "codex", "neuprint", "flystability", "bio2art", "table"} <= set(sources())
    with pytest.raises(UnknownNameError, match="unknown connectome source 'codx'; did you mean"):
        load("codx", ".")
    with pytest.raises(ConnectomeError, match="source 'neuprint' needs path, dataset"):
        load("neuprint")
    with pytest.raises(UnknownNameError, match="'relase'; did you mean 'release'"):
        load("codex", ".", relase="783")
