"""Initializers put to the test: the cases that their authors state, and the checks that every case must pass.

As ``kcore.testing.layers``::

    from kcore.testing.initializers import CHECKS, InitializerCase

    for name, check in CHECKS.items():
        check(InitializerCase("RandomUniform", distribution="uniform", parameters=[-0.05, 0.05], random=True))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore.components.initializer import Initializer
from kcore.engine.random import set_random_seed
from kcore.engine.settings import floatx, set_floatx
from kcore.engine.types import Array
from kcore.registry import deserialize
from kcore.testing.distributions import Distribution, assert_drawn_from, normal, truncated_normal, uniform
from kcore.testing.round_trips import check_config_of, check_copies_of, check_names_of

DISTRIBUTIONS: dict[str, Callable[[float, float], Distribution]] = {
    "uniform": uniform,
    "normal": normal,
    "truncated_normal": truncated_normal,
}


@dataclass(frozen=True)
class InitializerCase:
    """One way to use an initializer, on which all checks run.

    Attributes:
        initializer: its name in ``kcore.initializers``.
        config: constructor arguments, as a config writes them, without the seed.
        label: what is particular about the case; cases of one initializer have different ones.
        shape: of the weight.
        random: whether it draws random numbers; it has then the argument ``seed``.
        distribution: of each number by itself: ``"uniform"``, ``"normal"``, ``"truncated_normal"``, or ``""`` for none.
        parameters: of the distribution: both bounds, or the mean and the deviation (before what is far is cut off).
    """

    initializer: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    shape: Sequence[int] = (3, 5, 20, 60)
    random: bool = False
    distribution: str = ""
    parameters: Sequence[float] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> InitializerCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{**row, "shape": tuple(row.get("shape", cls.shape))})

    def __str__(self) -> str:
        return f"{self.initializer}-{self.label}" if self.label else self.initializer

    def make(self, **changes: Any) -> Initializer:
        """The initializer; ``changes`` are further arguments."""
        config = {"class_name": self.initializer, "config": {**self.config, **changes}}
        initializer: Initializer = deserialize(config, "initializers")
        return initializer

    def draw(self, initializer: Initializer, dtype: str | None = None) -> Array:
        """A weight of the case's shape."""
        return initializer(self.shape, dtype)


def check_config(case: InitializerCase) -> None:
    """The config is plain data, and an initializer made from it has the same one, and its seed."""
    check_config_of(case.make(), "initializers")
    if case.random:
        seeded = case.make(seed=np.int64(7))
        check_config_of(seeded, "initializers")
        assert seeded.get_config().get("seed") == 7, f"of the seed 7 the config says {seeded.get_config().get('seed')}"


def check_names(case: InitializerCase) -> None:
    """Each name of the initializer makes the same one."""
    check_names_of(case.initializer, "initializers", case.config)


def check_copies(case: InitializerCase) -> None:
    """A pickled and a deep copy draw the same."""
    check_copies_of(case.make(**({"seed": 7} if case.random else {})), "initializers", case.draw)


def check_dtypes(case: InitializerCase) -> None:
    """The result has the shape and dtype that were asked for, ``floatx`` by default; rounded, the numbers are equal."""
    initializer = case.make(**({"seed": 7} if case.random else {}))
    narrow, wide = case.draw(initializer, "float32"), case.draw(initializer, "float64")
    for found, dtype in ((narrow, "float32"), (wide, "float64")):
        assert found.shape == tuple(case.shape), f"the shape is {found.shape}, not {tuple(case.shape)}"
        assert found.dtype == dtype, f"the dtype is {found.dtype}, not {dtype}"
        assert np.isfinite(found).all(), "not all numbers are finite"
    np.testing.assert_array_equal(narrow, wide.astype("float32"), err_msg="float32 beside float64")
    before = floatx()
    try:
        for dtype in ("float64", "float32"):
            set_floatx(dtype)
            found = case.draw(initializer)
            assert found.dtype == dtype, f"the default dtype is {found.dtype}, not {dtype}"
    finally:
        set_floatx(before)


def check_memory(case: InitializerCase) -> None:
    """Every weight has its own memory, which can be written to."""
    initializer = case.make(**({"seed": 7} if case.random else {}))
    first = case.draw(initializer)
    before = first.copy()
    second = case.draw(initializer)
    second[...] = 99.0
    np.testing.assert_array_equal(first, before, err_msg="two weights share memory")
    np.testing.assert_array_equal(case.draw(initializer), before, err_msg="what was written comes back")


def check_seeds(case: InitializerCase) -> None:
    """A seed fixes the numbers; without one they go on from weight to weight, and the global seed fixes them all."""
    if not case.random:
        return
    seeded = case.draw(case.make(seed=7))
    np.testing.assert_array_equal(case.draw(case.make(seed=7)), seeded, err_msg="two with one seed")
    assert not np.array_equal(case.draw(case.make(seed=8)), seeded), "another seed gives the same numbers"
    set_random_seed(3)
    first, second = case.draw(case.make()), case.draw(case.make())
    assert not np.array_equal(first, second), "without a seed, two weights are equal"
    set_random_seed(3)
    for expected in (first, second):
        np.testing.assert_array_equal(case.draw(case.make()), expected, err_msg="after the global seed was set again")


def check_distribution(case: InitializerCase) -> None:
    """The numbers have the distribution that the case states; what is not random is the same twice."""
    if not case.random:
        np.testing.assert_array_equal(case.draw(case.make()), case.draw(case.make()), err_msg="not random")
        return
    if case.distribution:
        low, high = case.parameters
        assert_drawn_from(case.draw(case.make(seed=17), "float64"), DISTRIBUTIONS[case.distribution](low, high))


def use(case: InitializerCase) -> list[Array]:
    """A weight; of what is random, with a seed."""
    return [case.draw(case.make(seed=3) if case.random else case.make())]


CHECKS: dict[str, Callable[[InitializerCase], None]] = {
    "config": check_config,
    "names": check_names,
    "copies": check_copies,
    "dtypes": check_dtypes,
    "memory": check_memory,
    "seeds": check_seeds,
    "distribution": check_distribution,
}
