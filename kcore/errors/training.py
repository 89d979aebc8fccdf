"""Errors of the training room: data that does not fit the model, and calls out of order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore.errors.base import KcoreError
from kcore.errors.components import spelled_shape


class NotCompiledError(KcoreError, RuntimeError):
    """Training or evaluation was asked of a model without loss and optimizer."""

    def __init__(self, *, model: str, method: str) -> None:
        super().__init__(
            f"Model {model!r} cannot {method}, because it has no loss and optimizer yet. "
            f"Call model.compile(optimizer=..., loss=...) first.",
            model=model,
            method=method,
        )


class NoLossError(KcoreError, ValueError):
    """Nothing to minimise: no loss was given to ``compile``, and no layer adds one."""

    def __init__(self, *, model: str) -> None:
        super().__init__(
            f"Model {model!r} has no loss to minimise: compile() was given none, and no layer calls add_loss(). "
            f"Call model.compile(loss=...) with a loss for at least one output.",
            model=model,
        )


class NaNLossError(KcoreError, ArithmeticError):
    """The loss of an epoch is not a number: nothing more can be learned.

    Attributes: `model`, `epoch` (from 0), `losses` (those of the model by output), `data` (names of the given arrays
    that hold NaN or infinity).
    """

    def __init__(self, *, model: str, epoch: int, losses: dict[str, str], data: Sequence[str]) -> None:
        listed = ", ".join(f"{loss} of {output!r}" for output, loss in losses.items()) or "what layers add"
        if data:
            cause = f"The data holds NaN or infinity, in {' and '.join(data)}: clean it."
        else:
            cause = (
                "The data is finite, so the weights grew without bound, or the loss is not defined for some outputs. "
                "Try a smaller learning rate, clipnorm=1.0, or outputs scaled to about 1."
            )
        super().__init__(
            f"The loss of model {model!r} became NaN in epoch {epoch + 1} ({listed}). {cause}",
            model=model,
            epoch=epoch,
            losses=losses,
            data=tuple(data),
        )


class DataShapeError(KcoreError, ValueError):
    """Data whose shape the model cannot take."""

    def __init__(
        self,
        *,
        model: str,
        name: str,
        layer: str,
        expected: Sequence[int | None],
        given: Sequence[int],
        advice: str = "",
    ) -> None:
        text = (
            f"Model {model!r} expects data of shape {spelled_shape(expected)} for its input {name!r} "
            f"(the input of layer {layer!r}), but was given shape {spelled_shape(given)}."
        )
        super().__init__(
            f"{text} {advice}".rstrip(),
            model=model,
            name=name,
            layer=layer,
            expected=tuple(expected),
            given=tuple(given),
            advice=advice,
        )


class DataTypeError(KcoreError, TypeError):
    """Data of a kind that holds no numbers, or no arrays at all."""

    def __init__(self, *, name: str, found: str, advice: str) -> None:
        super().__init__(f"{name} holds {found}, which is no data to compute with. {advice}", name=name, found=found)


class DataLengthError(KcoreError, ValueError):
    """Arrays that belong together but differ in their number of samples."""

    def __init__(self, *, lengths: dict[str, int]) -> None:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        super().__init__(
            f"All data must have the same number of samples (the length of the first axis), but {listed}.",
            lengths=lengths,
        )


class EmptyDataError(KcoreError, ValueError):
    """Nothing to train on, evaluate, or predict."""

    def __init__(self, *, purpose: str, reason: str) -> None:
        super().__init__(f"There is no sample to {purpose}: {reason}.", purpose=purpose, reason=reason)


class DataStructureError(KcoreError, ValueError):
    """The wrong number of arrays, or names that the model does not have."""

    def __init__(self, *, model: str, what: str, expected: Sequence[str], given: Any) -> None:
        super().__init__(
            f"Model {model!r} has {len(expected)} {what}{'' if len(expected) == 1 else 's'} "
            f"({', '.join(map(repr, expected))}), but was given {given}.",
            model=model,
            what=what,
            expected=tuple(expected),
            given=given,
        )
