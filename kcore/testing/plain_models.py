"""Models of plain layers, which any process can make, with all that is to be the same after a round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kcore.engine.types import Array
from kcore.models import Input, Model
from kcore.testing.plain_training import PlainLayer, plain_model, wave


def _sequential() -> Model:
    return plain_model()


def _graph() -> Model:
    """A layer that is used twice, one in double precision, and two outputs."""
    first = Input((3,), name="first_input")
    shared = PlainLayer(3, name="shared")
    wide = PlainLayer(2, name="wide", dtype="float64")
    return Model(first, [wide(shared(shared(first))), PlainLayer(1, name="narrow")(first)], name="graph")


MODELS: dict[str, Callable[[], Model]] = {"sequential": _sequential, "graph": _graph}


def with_other_weights(model: Model, seed: int = 5) -> Model:
    """The model, whose weights are now random; also -0, and numbers at the ends of what the dtypes hold."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=weight.shape).astype(weight.dtype) for weight in model.get_weights()]
    for weight in weights:
        info = np.finfo(weight.dtype)
        ends = np.array([-0.0, info.smallest_subnormal, info.eps], weight.dtype)
        weight.reshape(-1)[: len(ends)] = ends[: weight.size]
    model.set_weights(weights)
    return model


def numbers(model: Model) -> list[Array]:
    """Weights and predictions of a model that takes (samples, 3)."""
    predicted = model.predict(wave((5, 3)))
    return [*model.get_weights(), *(predicted if isinstance(predicted, list) else [predicted])]


def same_bits(found: Sequence[Array], expected: Sequence[Array], what: str) -> None:
    """The same dtypes, shapes and bits; also -0 and NaN are themselves."""
    assert len(found) == len(expected), f"{what}: {len(found)} arrays, not {len(expected)}"
    for one, other in zip(found, expected, strict=True):
        kinds = f"{one.dtype}{one.shape}", f"{other.dtype}{other.shape}"
        assert kinds[0] == kinds[1], f"{what}: an array is {kinds[0]}, it was {kinds[1]}"
        different = sum(a != b for a, b in zip(one.tobytes(), other.tobytes(), strict=True))
        assert not different, f"{what}: {different} bytes of {one.nbytes} are others"
