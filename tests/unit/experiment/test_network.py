"""What an experiment file says is what its network holds, compared with networks made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import load_experiment
from neurobridge.connectome import Argmax, load
from neurobridge.experiment import builtin_experiments
from tests.data import reference_data
from tests.unit.experiment.files import SECTIONS, write

STIMULI = """stimuli:
  drive: {kind: poisson, neurons: role == 'sensory', rate: 100, weight: 5 nA, receptor: exc}
  bins: {kind: poisson, neurons: [2, 3], rate: [1, 20 Hz], rate_interval: 10, weight: 1000 pA,
         receptor: inh, start: 5, stop: 25}
  dense: {kind: poisson_counts, neurons: [C], rate: 20 kHz, weight: 30 pA, receptor: exc, start: 4}
  given: {kind: spike_trains, trains: {C: [1, 2 ms], A: 3}, weight: 5, receptor: exc, delay: 2}
  step: {kind: current, neurons: [B], amplitude: [500 pA, 0], time: [10, 20 ms]}
  noise: {kind: white_noise, std: 0.1, interval: 1, mean: 10 pA}
  wiener: {kind: diffusion_noise, neurons: [A, C], intensity: 0.2, mean: 1 pA, stop: 30}
"""
PROBES = """probes:
  neurons: {kind: spikes}
  v: {kind: state, variable: v, neurons: [C, A], interval: 0.5 ms}
"""


def test_a_file_and_the_same_network_by_hand_are_one_network(tmp_path: Path) -> None:
    model = "model:\n  name: lif_exp\n  parameters: {tau_m: 15 ms, t_ref: 1}\n  initial: {v: -60}\n"
    path = write(tmp_path, model=model, stimuli=STIMULI, probes=PROBES)
    signed = load("table", tmp_path / "mapping.yaml").with_signs(Argmax("celegans"))
    network = nb.to_network(
        signed, nb.models.lif_exp, weight=2.0, delay=1.0, initial={"v": -60.0},
        tau_m=15.0, t_ref=1.0,
    )  # fmt: skip
    rates = np.array([[1.0, 1.0], [20.0, 20.0]])
    for stimulus in (
        nb.Poisson("drive", "neurons", 100.0, np.array([0]), "exc", 5.0),
        nb.Poisson(
            "bins", "neurons", rates, np.array([1, 2]), "inh", 1.0,
            start=5.0, stop=25.0, rate_interval=10.0,
        ),
        nb.PoissonCounts(
            "dense", "neurons", 20_000.0, np.array([2]), "exc", 0.03, start=4.0
        ),
        nb.SpikeTrains("given", "neurons", [1.0, 2.0, 3.0], [2, 2, 0], "exc", 5.0, 2.0),
        nb.Current("step", "neurons", [0.5, 0.0], [10.0, 20.0], np.array([1])),
        nb.WhiteNoise("noise", "neurons", 0.1, 1.0, 0.01),
        nb.DiffusionNoise("wiener", "neurons", 0.2, 0.001, np.array([0, 2]), stop=30.0),
    ):  # fmt: skip
        network = network.with_stimulus(stimulus)
    network = network.with_probe(nb.SpikeProbe("neurons", "neurons"))
    network = network.with_probe(nb.StateProbe("v", "neurons", "v", np.array([0, 2]), 0.5))
    assert load_experiment(path).network().id == network.id


def test_weights_have_the_sign_of_the_transmitter_and_the_count(tmp_path: Path) -> None:
    network = load_experiment(write(tmp_path)).network()
    # canonical order (post, pre): C>A, A>B, A>C, B>C; B is GABA
    assert network.weights("synapses").tolist() == [4.0, 6.0, 8.0, -10.0]


def test_groups_override_parameters_of_their_neurons_and_the_last_wins(tmp_path: Path) -> None:
    model = """model:
  name: lif_exp
  parameters: {tau_m: 15 ms}
  groups:
    - {neurons: all, parameters: {t_ref: 3}}
    - {neurons: "role in ('motor', 'inter')", parameters: {tau_m: 30 ms, t_ref: 4}}
    - {neurons: [C], parameters: {tau_m: 0.04 s}}
"""
    population = load_experiment(write(tmp_path, model=model)).network().population("neurons")
    assert np.asarray(population.parameters["tau_m"]).tolist() == [15.0, 30.0, 40.0]
    assert np.asarray(population.parameters["t_ref"]).tolist() == [3.0, 4.0, 4.0]


def test_a_group_without_a_default_to_start_from_is_refused(tmp_path: Path) -> None:
    own = OWN.replace("{default: 20, unit: ms, above: 0}", "{default: null, unit: ms, above: 0}")
    model = "model:\n  name: leaky\n  groups:\n    - {neurons: [A], parameters: {tau_m: 3 ms}}\n"
    path = write(tmp_path, model=model, own=own, synapses="synapses: {weight: 2 mV, delay: 1}\n")
    with pytest.raises(nb.ExperimentError, match="tau_m: has no default; give it to all neurons"):
        load_experiment(path).network()


OWN = """models:
  leaky:
    equations: |
      dv/dt = (v_rest - v)/tau_m : mV
    parameters:
      v_rest: {default: -65, unit: mV}
      v_thresh: {default: -50, unit: mV}
      tau_m: {default: 20, unit: ms, above: 0}
      t_ref: {default: 2, unit: ms, at_least: 0}
    receptors:
      syn: {event: "v += w", sign: any, magnitude: false, when_clamped: drop}
    threshold: v >= v_thresh
    threshold_policy: level
    reset: v = v_rest
    refractory: {period: t_ref, clamped: [v]}
    integrator: exact
    initial: {v: v_rest}
"""


def test_a_model_of_the_users_own_needs_no_python(tmp_path: Path) -> None:
    stimuli = "stimuli:\n  kick: {kind: spike_trains, trains: {A: [5]}, weight: 16 mV, delay: 1}\n"
    path = write(
        tmp_path, own=OWN, model="model: {name: leaky}\n", stimuli=stimuli,
        synapses="synapses: {weight: 6 mV, delay: 2 ms}\n",
    )  # fmt: skip
    recording = nb.run(load_experiment(path).network(), 50.0, "reference", dt=0.1)
    # The kick lifts A over threshold at 6 ms; A excites C by 4 synapses of 6 mV 2 ms later, and B
    # by 3; both spike at once, and what they send meets a refractory C or a resting A.
    first = recording.spikes["neurons"]
    assert first.of(0).tolist()[0] == pytest.approx(6.0)
    assert first.of(1).tolist()[0] == pytest.approx(8.0)
    assert first.of(2).tolist()[0] == pytest.approx(8.0)


def test_an_own_model_that_is_not_consistent_names_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path, own=OWN.replace("v_rest - v)/tau_m", "v_rest - v)*tau_m"),
        model="model: {name: leaky}\n", synapses="synapses: {weight: 6 mV, delay: 2 ms}\n",
    )  # fmt: skip
    with pytest.raises(nb.ExperimentError, match=r"toy\.yaml, line \d+: models\.leaky: .*'leaky'"):
        load_experiment(path).network()


def test_parts_of_a_connectome_are_taken_in_order(tmp_path: Path) -> None:
    connectome = """connectome:
  source: table
  path: mapping.yaml
  neighbourhood: {seeds: [B], hops: 1, direction: out}
  min_synapses: 5
"""
    chosen = load_experiment(write(tmp_path, connectome=connectome)).connectome
    assert chosen.ids.tolist() == [2, 3]
    assert chosen.edges["count"].tolist() == [5]


def test_the_largest_component_comes_after_the_signs(tmp_path: Path) -> None:
    (signs,) = ("signs: {policy: argmax, table: {acetylcholine: 1, gaba: 0}, unknown: drop}\n",)
    connectome = "connectome: {source: table, path: mapping.yaml, largest_component: true}\n"
    chosen = load_experiment(write(tmp_path, connectome=connectome, signs=signs)).connectome
    assert chosen.ids.tolist() == [1, 3]  # B is cut off: its only outgoing edge has no sign


def test_explicit_signs_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "signs.csv").write_text("id,sign\n1,-1\n2,1\n3,1\n", encoding="utf-8")
    path = write(tmp_path, signs="signs: {policy: explicit, signs: signs.csv}\n")
    assert load_experiment(path).connectome.sign.tolist() == [-1, 1, 1]
    path = write(tmp_path, signs="signs: {policy: explicit, signs: {1: 1, 2: -1, 3: -1}}\n")
    assert load_experiment(path).connectome.sign.tolist() == [1, -1, -1]


def test_numbers_of_yaml_1_2_and_names_that_look_like_booleans(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").unlink(missing_ok=True)
    path = write(tmp_path, synapses="synapses: {weight: 2e-3, delay: 1e-1}\n")
    (tmp_path / "nodes.csv").write_text(
        "id,name,role,nt\n1,NO,sensory,gaba\n2,on,x,gaba\n3,C,x,gaba\n", encoding="utf-8"
    )
    probes = "probes:\n  some: {kind: spikes, neurons: [NO, on]}\n"
    path.write_text(path.read_text(encoding="utf-8") + probes, encoding="utf-8")
    experiment = load_experiment(path)
    assert experiment.plan.synapses.delay == 0.1
    network = experiment.network()
    assert network.weights("synapses").tolist() == pytest.approx([-4e-3, -6e-3, -8e-3, -10e-3])
    assert network.probes["some"].neurons.tolist() == [0, 1]


def test_defaults_of_a_run(tmp_path: Path) -> None:
    settings = load_experiment(write(tmp_path)).settings
    assert (settings.duration, settings.dt, settings.seed) == (50.0, 0.1, 0)
    assert settings.backends == ["native"]
    assert SECTIONS["run"].count("seed") == 0


def test_celegans_is_lively_and_not_an_echo_of_its_input() -> None:
    assert "celegans" in builtin_experiments()
    experiment = load_experiment("celegans")
    network = experiment.network()
    assert (network.n_neurons, network.n_edges) == (302, 3176)
    assert [f.code for f in experiment.connectome.findings] == ["unknown_transmitter"]
    settings = experiment.settings
    spikes = nb.run(network, settings.duration, "reference", dt=settings.dt, seed=1).spikes[
        "neurons"
    ]
    roles = network.population("neurons").labels
    rates = {r: spikes.rates[roles.where(role=r)].mean() for r in ("sensory", "inter", "motor")}
    assert 3 <= spikes.rates.mean() <= 15
    assert np.mean(spikes.rates < 60) > 0.95
    assert len(spikes) > 3000
    assert rates["inter"] > 5
    assert rates["motor"] > 5


def test_the_template_is_a_valid_experiment() -> None:
    folder = next(iter(builtin_experiments().values())).parent.parent
    network = load_experiment(folder / "template.yaml").network()
    assert list(network.stimuli) == ["drive"]


def test_what_the_template_shows_in_comments_is_valid_too(tmp_path: Path) -> None:
    folder = next(iter(builtin_experiments().values())).parent.parent
    text = (folder / "template.yaml").read_text(encoding="utf-8")
    own = text[text.index("# models:") : text.index("\nsynapses:")]
    rest = text[text.index("  # touch:") : text.index("# --- What is recorded")]
    stimuli = "\n".join(line.replace("  # ", "  ", 1) for line in rest.splitlines()) + "\n"
    path = write(
        tmp_path,
        connectome="connectome: {source: celegans, options: {gap_junctions: false}}\n",
        signs="signs: {policy: argmax, table: celegans, unknown: drop}\n",
        own="\n".join(line.removeprefix("# ") for line in own.splitlines()) + "\n",
        model="model: {name: my_lif}\n",
        stimuli="stimuli:\n" + stimuli.replace("receptor: exc", "receptor: syn"),
    )
    network = load_experiment(path).network()
    assert list(network.stimuli) == ["touch", "step", "noise"]
    assert network.population("neurons").model.name == "my_lif"


def test_a_mapping_beside_the_experiment_for_data_elsewhere(tmp_path: Path) -> None:
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    data.mkdir()
    reference = load_experiment(write(data)).connectome
    connectome = "connectome: {source: table, path: ../data, options: {mapping: mapping.yaml}}\n"
    path = write(here, connectome=connectome)
    for name in ("nodes.csv", "edges.csv"):
        (here / name).unlink()
    assert load_experiment(path).connectome.digest == reference.digest


def test_the_olfactory_network_of_the_fly(tmp_path: Path) -> None:
    folder = reference_data("flywire783_olfactory")
    path = tmp_path / "fly.yaml"
    path.write_text(
        f"""version: 1
name: fly
connectome:
  source: table
  path: {folder}
  options:
    mapping:
      dataset: flywire783-olfactory
      nodes: {{file: nodes.csv.gz, id: root_id}}
      edges: {{file: edges.csv.gz, pre: pre_root_id, post: post_root_id, count: syn_count}}
signs: {{policy: argmax, table: fly, label: nt_type, unknown: drop}}
model: {{name: shiu_lif}}
synapses: {{weight: 0.275 mV, delay: 1.8 ms, receptor: syn}}
stimuli:
  odour: {{kind: poisson, neurons: is_input == 1, receptor: kick, rate: 20 Hz, weight: 68.75 mV}}
run: {{duration: 20 ms}}
""",
        encoding="utf-8",
    )
    network = load_experiment(path).network()
    assert (network.n_neurons, network.projections["synapses"].weight.unit) == (9729, 0.275)
    inputs = network.stimuli["odour"].neurons
    labels = network.population("neurons").labels
    assert np.array_equal(inputs, np.flatnonzero(labels.where(is_input="True")))
    assert nb.run(network, 20.0, "reference", dt=0.1, seed=3).n_spikes > 100
