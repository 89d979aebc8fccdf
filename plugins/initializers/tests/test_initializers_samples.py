"""The random initializers beside samples of Keras's; names, bad arguments."""

from __future__ import annotations

import doctest
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import initializers
from kcore.errors import InvalidArgumentError
from kcore.testing.reference import Case, load_cases
from kcore_initializers import normal

SAMPLES = [
    case
    for case in load_cases(Path(__file__).parent / "reference" / "initializers.npz")
    if case.name.endswith("-sample")
]


@pytest.mark.parametrize("case", SAMPLES, ids=str)
def test_a_sample_is_as_wide_as_that_of_keras(case: Case) -> None:
    found = initializers.get(case.component, **case.config, seed=5)(case.arrays["shape"].tolist(), "float64")
    deviation = float(case.arrays["deviation"])
    # Two samples of 54000 numbers, whose deviations vary by less than 0.4 % each.
    assert found.std() == pytest.approx(deviation, rel=0.015)
    assert found.mean() == pytest.approx(float(case.arrays["mean"]), abs=6 * deviation / math.sqrt(found.size))
    if "largest" in case.arrays:
        assert np.abs(found).max() == pytest.approx(float(case.arrays["largest"]), rel=0.005)


def test_every_random_initializer_has_a_sample() -> None:
    assert {case.component for case in SAMPLES} == {
        *("RandomNormal", "TruncatedNormal", "RandomUniform", "VarianceScaling", "Orthogonal"),
        *(f"{who}{what}" for who in ("Glorot", "He", "Lecun") for what in ("Normal", "Uniform")),
    }


NAMES = {
    "RandomNormal": ["random_normal", "normal"],
    "TruncatedNormal": ["truncated_normal"],
    "RandomUniform": ["random_uniform", "uniform"],
    "Orthogonal": ["orthogonal", "OrthogonalInitializer"],
    "VarianceScaling": ["variance_scaling"],
    "GlorotNormal": ["glorot_normal"],
    "GlorotUniform": ["glorot_uniform"],
    "HeNormal": ["he_normal"],
    "HeUniform": ["he_uniform"],
    "LecunNormal": ["lecun_normal"],
    "LecunUniform": ["lecun_uniform"],
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_keras(kind: str) -> None:
    for name in (kind, *NAMES[kind]):
        assert type(initializers.get(name)).__name__ == kind


def test_defaults_are_those_of_keras() -> None:
    for kind in (normal.RandomNormal, normal.TruncatedNormal):
        assert kind().get_config() == {"mean": 0.0, "stddev": 0.05, "seed": None}
    assert initializers.get("lecun_normal").get_config() == {"seed": None}


def test_a_deviation_of_zero_gives_the_mean() -> None:
    assert normal.RandomNormal(0.5, 0.0)((2,)).tolist() == normal.TruncatedNormal(0.5, 0)((2,)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("kind", ["RandomNormal", "TruncatedNormal"])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"mean": "0"}, "mean='0'. Allowed: a finite number."),
        ({"mean": math.nan}, "mean=nan. Allowed: a finite number."),
        ({"stddev": -1}, "stddev=-1. Allowed: a finite number of at least 0."),
        ({"stddev": math.inf}, "stddev=inf. Allowed: a finite number of at least 0."),
        ({"seed": 1.5}, "seed=1.5. Allowed: None, or an integer of at least 0."),
    ],
)
def test_bad_arguments_are_named(kind: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        initializers.get(kind, **arguments)
    assert str(caught.value) == f"{kind} cannot take {text}"


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(normal)
    assert found.attempted >= 4
    assert found.failed == 0
