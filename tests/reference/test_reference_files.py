"""The recordings themselves: complete, with versions, and the sources agree wherever their definitions do."""

from __future__ import annotations

import functools
import itertools
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.testing.reference import Case, glorot_uniform_weights, load_cases, sha256_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RECORDING = runpy.run_path(str(HERE / "record.py"))
SUBJECTS: list[str] = list(RECORDING["SUBJECTS"])
FILES: dict[str, Path] = {subject: RECORDING["data_file"](subject) for subject in SUBJECTS}
RECORDED = [*ROOT.glob("plugins/*/tests/reference/*.npz"), *HERE.glob("data/*.npz")]
PACKAGES = {
    "tf_keras": {"tf_keras", "tensorflow"},
    "tf_keras.legacy": {"tf_keras", "tensorflow"},
    "keras3": {"keras", "torch"},
    "torch": {"torch"},
    "sklearn": {"scikit-learn"},
}
# These arrays are given, not computed: all sources of a name have the same.
INPUTS = re.compile(
    r"A|b|g|v0|steps|times|images|labels|shape|x\d*|w\d+|mask\d*|(initial_state|constants)\d+|(y_true|y_pred|sample_weight)(_\d+)?"
)
# Largest difference over the largest value, by dtype: some tens of roundings.
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
Key = tuple[str, str]


@functools.cache
def cases(subject: str) -> list[Case]:
    return load_cases(FILES[subject])


def pairs(subject: str) -> list[tuple[Case, Case]]:
    by_name: dict[str, list[Case]] = {}
    for case in cases(subject):
        by_name.setdefault(case.name, []).append(case)
    return [pair for group in by_name.values() for pair in itertools.combinations(group, 2)]


def shared(first: Case, second: Case, *, given: bool) -> list[str]:
    """The arrays that both cases have: those that are given, or those that are computed."""
    return [name for name in first.arrays if name in second.arrays and bool(INPUTS.fullmatch(name)) == given]


def distance(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    """The largest difference over the largest value."""
    if first.size == 0:
        return 0.0
    scale = max(float(np.max(np.abs(first))), 1e-30)
    return float(np.max(np.abs(first.astype("float64") - second.astype("float64")))) / scale


def known_difference(subject: str, first: Case, second: Case, name: str) -> float | None:
    """The bound where the definitions differ, or where float32 alone explains more than the tolerance."""
    sources = {first.source, second.source}
    case = first.name
    if subject == "activations" and sources == {"tf_keras", "keras3"}:
        if first.component == "hard_sigmoid":
            return 0.2
        if case.startswith("selu/plain") and name == "dx":
            return 0.6
    if case == "binary_crossentropy/certain" and name in ("per_sample", "loss", "loss_weighted"):
        # Keras 2 adds epsilon inside the logarithm too: log(2) of 16.1 for a wrong certain prediction.
        return float(np.log(2) / -np.log(1e-7)) * 1.01
    if first.component == "binary_crossentropy" and "logits" not in case and name.startswith("dy_pred"):
        # The same epsilon in the gradient: 1e-7 / probability.
        return 1e-4
    if subject == "metrics" and case == "sparse_categorical_crossentropy/ignored" and "keras3" in sources:
        # Keras 3 divides by all samples, those that are ignored among them, unless there are weights.
        return 0.2
    if case == "BatchNormalization/train-rank4" and name == "w3_after":
        # TensorFlow multiplies what the moving variance gets with n / (n - 1), n = 24 here; the momentum leaves 1 %.
        return 0.01 / 23 * 2
    if case == "RMSprop/epsilon" and "tf_keras.legacy" in sources:
        # Epsilon outside the square root.
        return 0.2
    return None


def case_is_rounded_by_torch(first: Case, second: Case) -> bool:
    """PyTorch keeps the product of Nadam's momenta in float32, whatever the parameters' dtype."""
    return first.component == "Nadam" and "torch" in (first.source, second.source) and first.name.endswith("-float64")


def tolerance(subject: str, first: Case, second: Case, name: str) -> float:
    if subject == "network" and name == "accuracies":
        # One near tie of one batch may fall the other way.
        return 1 / 32 / float(first.arrays["accuracies"].max()) + 1e-6
    if subject == "optimizers" and first.component == "Adam" and first.arrays[name].dtype == "float32":
        # Keras computes 1 - beta_2 ** t in float32, PyTorch and the older rule otherwise: steps off by 1e-5.
        return 1e-4
    if subject == "initializers" and first.name.endswith("-sample"):
        # Samples of 54000 numbers: the deviation of their deviation is below 0.5 %.
        return 0.02 if name != "mean" else 1e9
    if case_is_rounded_by_torch(first, second):
        return 1e-9
    return TOLERANCE[first.arrays[name].dtype.name]


def test_every_recorder_has_its_file_and_every_file_its_recorder() -> None:
    assert sorted(FILES.values()) == sorted(RECORDED)


def test_all_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES.values()) < 15_000_000


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_case_has_versions_and_finite_arrays(subject: str) -> None:
    assert cases(subject)
    for case in cases(subject):
        assert set(case.versions) == PACKAGES[case.source], str(case)
        assert all(version[0].isdigit() for version in case.versions.values()), str(case)
        assert case.component in case.name
        for name, array in case.arrays.items():
            assert np.isfinite(array).all(), f"{case}: {name}"
            if case.name.endswith("-float64"):
                assert array.dtype != np.float32, f"{case}: {name}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_cases_of_one_name_have_the_same_inputs(subject: str) -> None:
    for first, second in pairs(subject):
        assert first.config == second.config, first.name
        for name in shared(first, second, given=True):
            np.testing.assert_array_equal(
                first.arrays[name], second.arrays[name], f"{first} and {second}: {name}", strict=True
            )


@pytest.mark.parametrize("subject", SUBJECTS)
def test_sources_agree_where_their_definitions_do(subject: str) -> None:
    disagreements = []
    compared = 0
    for first, second in pairs(subject):
        for name in shared(first, second, given=False):
            bound = known_difference(subject, first, second, name)
            if bound is None:
                bound = tolerance(subject, first, second, name) if first.arrays[name].dtype.kind == "f" else 0.0
            found = distance(first.arrays[name], second.arrays[name])
            compared += 1
            if first.arrays[name].dtype != second.arrays[name].dtype or not found <= bound:
                disagreements.append(f"{first} and {second}: {name}: {found:.2e}, allowed {bound:.2e}")
    assert not disagreements, "\n".join(disagreements)
    assert compared > 0


def test_known_differences_are_still_there() -> None:
    """An entry that no longer differs would only loosen the comparison."""
    found: dict[Key, float] = {}
    for subject in SUBJECTS:
        for first, second in pairs(subject):
            for name in shared(first, second, given=False):
                if known_difference(subject, first, second, name) is not None:
                    key = (subject.partition("/")[0], first.component)
                    dtype = first.arrays[name].dtype.name
                    ratio = distance(first.arrays[name], second.arrays[name]) / TOLERANCE[dtype]
                    found[key] = max(found.get(key, 0.0), ratio)
    assert set(found) == {
        ("activations", "hard_sigmoid"),
        ("activations", "selu"),
        ("layers", "BatchNormalization"),
        ("losses", "binary_crossentropy"),
        ("metrics", "sparse_categorical_crossentropy"),
        ("optimizers", "RMSprop"),
    }
    assert min(found.values()) > 1, found


@pytest.mark.parametrize(("source", "slope"), [("tf_keras", 0.2), ("keras3", 1 / 6)])
def test_hard_sigmoid_is_each_library_s_own(source: str, slope: float) -> None:
    (case,) = [c for c in cases("activations") if str(c) == f"hard_sigmoid/plain-float64@{source}"]
    x = case.arrays["x"]
    np.testing.assert_allclose(case.arrays["y"], np.clip(slope * x + 0.5, 0, 1), rtol=1e-7)


def scheduled(case: Case) -> bool:
    return isinstance(case.config["learning_rate"], dict)


@pytest.mark.parametrize("case", [c for c in cases("optimizers") if c.component == "SGD" and not scheduled(c)], ids=str)
def test_sgd_follows_its_formula(case: Case) -> None:
    """The problem as the README states it, and SGD with momentum, decay and clipping from their formulas."""
    config, arrays = case.config, case.arrays
    a, b, w, v = (arrays[name].astype("float64") for name in ("A", "b", "w0", "v0"))
    momentum = config.get("momentum", 0.0)
    velocity = [np.zeros_like(w), np.zeros_like(v)]
    path = {}
    for step in range(1, 201):
        r = a @ w + v - b
        gradients = [a.T @ r / 6 - 0.3 * np.sin(3 * w), r.sum(axis=0) / 6]
        gradients = [d + np.sin(step + np.arange(d.size)).reshape(d.shape) for d in gradients]
        if "clipvalue" in config:
            gradients = [np.clip(d, -config["clipvalue"], config["clipvalue"]) for d in gradients]
        if "clipnorm" in config:
            # Each gradient by its own norm.
            gradients = [d * min(1.0, config["clipnorm"] / np.linalg.norm(d)) for d in gradients]
        rate = config["learning_rate"] / (1 + config.get("decay", 0.0) * (step - 1))
        velocity = [momentum * m - rate * d for m, d in zip(velocity, gradients, strict=True)]
        change = velocity
        if config.get("nesterov", False):
            change = [momentum * m - rate * d for m, d in zip(velocity, gradients, strict=True)]
        w, v = w + change[0], v + change[1]
        path[step] = (w, v)
    bound = 1e-5 if arrays["w"].dtype == np.float32 else 1e-12
    for place, step in enumerate(arrays["steps"]):
        np.testing.assert_allclose(arrays["w"][place], path[int(step)][0], rtol=bound, atol=bound)
        np.testing.assert_allclose(arrays["v"][place], path[int(step)][1], rtol=bound, atol=bound)


@pytest.mark.parametrize("case", cases("network"), ids=str)
def test_network_weights_can_be_drawn_again(case: Case) -> None:
    weights = glorot_uniform_weights(case.config["weights_shapes"], case.config["weights_key"])
    assert [sha256_of(weight) for weight in weights] == case.config["weights_sha256"]


@pytest.mark.parametrize("case", cases("network"), ids=str)
def test_networks_learn(case: Case) -> None:
    losses = case.arrays["losses"]
    assert losses.shape == case.arrays["accuracies"].shape == (20,)
    assert len(case.arrays["images"]) == len(case.arrays["labels"]) == 20 * case.config["batch_size"]
    assert losses[-5:].mean() < losses[:5].mean()
