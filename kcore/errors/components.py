"""Errors of the components room: what contracts and components refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore.errors.base import KcoreError


class InvalidArgumentError(KcoreError, ValueError):
    """A component was given an argument it cannot work with.

    Attributes: `component` (its name), `argument`, `value` (what was given), `allowed` (what may be given: a
    sentence, or the values themselves), `found` (what a look at the value showed, where that says more).
    """

    def __init__(
        self, *, component: str, argument: str, value: Any, allowed: str | Sequence[Any], found: str = ""
    ) -> None:
        given = repr(value)
        if len(given) > 200:
            given = f"{given[:197]}..."
        text = allowed if isinstance(allowed, str) else ", ".join(repr(choice) for choice in allowed)
        super().__init__(
            f"{component} cannot take {argument}={given}{f' ({found})' if found else ''}. Allowed: {text}.",
            component=component,
            argument=argument,
            value=value,
            allowed=allowed,
            found=found,
        )


def spelled_shape(shape: Sequence[int | None]) -> str:
    """A shape with its batch axis spelled out: ``(batch, 28, 28, 1)``, or ``(batch=32, 28, 28, 1)`` where known."""
    if not shape:
        return "()"
    batch, *rest = shape
    first = "batch" if batch is None else f"batch={batch}"
    return f"({', '.join([first, *map(str, rest)])}{',' if not rest else ''})"


class ConfigAttributeError(KcoreError, AttributeError):
    """A component does not keep a constructor argument where its config is read from."""

    def __init__(self, *, component: str, argument: str) -> None:
        super().__init__(
            f"{component} has a constructor argument {argument!r} but no attribute of that name, so its config cannot "
            f"be read. Write self.{argument} = {argument} in __init__, or override get_config.",
            component=component,
            argument=argument,
        )


class AbstractLayerError(KcoreError, TypeError):
    """A layer was to be made of a class that is only a base of others, or that lacks a method it has to write.

    Attributes: `layer` (the class), `base` (the one whose contract it is), `concrete` (layers to use instead),
    `missing` (the methods that are not written).
    """

    def __init__(self, *, layer: str, base: str, concrete: Sequence[str], missing: Sequence[str]) -> None:
        methods = " and ".join(f"{name}()" for name in missing)
        if layer == base:
            *others, last = concrete
            text = (
                f"{base} is only the base of other layers and computes nothing by itself. Use {', '.join(others)} or "
                f"{last}, or write a subclass with {methods}; help(kcore.layers.{base}) shows one."
            )
        else:
            text = (
                f"{layer} derives from {base}, but does not define {methods}. Write what is missing; "
                f"help(kcore.layers.{base}) shows a whole layer."
            )
        super().__init__(text, layer=layer, base=base, concrete=tuple(concrete), missing=tuple(missing))


class LayerInputError(KcoreError, ValueError):
    """An input, or a list of inputs, that a layer cannot take.

    Attributes: `layer`, `kind` (its class), `expected`, `shape` (of the input, a list of shapes, or words), `place` (of
    the layer in its model).
    """

    def __init__(
        self,
        *,
        layer: str,
        kind: str,
        expected: str,
        shape: Sequence[int | None] | Sequence[Sequence[int | None]] | str,
        place: str = "",
    ) -> None:
        where = f", {place}," if place else ""
        if isinstance(shape, list) and all(isinstance(one, tuple) for one in shape):
            found = f"its inputs have the shapes {', '.join(spelled_shape(one) for one in shape)}"
        else:
            one: Any = shape
            found = f"its input has shape {one if isinstance(one, str) else spelled_shape(one)}"
        super().__init__(
            f"Layer {layer!r} ({kind}){where} expects {expected}, but {found}.",
            layer=layer,
            kind=kind,
            expected=expected,
            shape=shape,
            place=place,
        )


class LayerCallError(KcoreError, ValueError):
    """A layer's own code failed on its input; the cause is chained."""

    def __init__(self, *, layer: str, kind: str, shape: str, reason: str, place: str = "") -> None:
        where = f", {place}," if place else ""
        super().__init__(
            f"Layer {layer!r} ({kind}){where} failed on an input of shape {shape}: {reason}",
            layer=layer,
            kind=kind,
            shape=shape,
            reason=reason,
            place=place,
        )


class LayerMaskError(KcoreError, TypeError):
    """An input with a mask came to a layer that would lose it."""

    def __init__(self, *, layer: str, kind: str, place: str = "") -> None:
        where = f", {place}," if place else ""
        super().__init__(
            f"Layer {layer!r} ({kind}){where} was given an input with a mask, but does not say what becomes of it. Let "
            f"the mask end before it (mask_zero=False, or a recurrent layer that uses it); in a layer of your own, "
            f"take mask in call(), or set supports_masking = True, or define compute_mask().",
            layer=layer,
            kind=kind,
            place=place,
        )


class LayerStateError(KcoreError, RuntimeError):
    """Something was asked of a layer that it does not have yet, or has more than once."""

    def __init__(self, *, layer: str, problem: str, advice: str) -> None:
        super().__init__(f"Layer {layer!r} {problem}. {advice}", layer=layer, problem=problem, advice=advice)


class LayerNodeError(KcoreError, AttributeError):
    """A layer was asked for the input or output of its only call, or of a certain one, which it does not have.

    Attributes: `layer`, `what` (was asked for: "input", "output mask", ...), `nodes` (how many calls there are),
    `index` (of the call that was asked for; ``None`` for the only one).
    """

    def __init__(self, *, layer: str, what: str, nodes: int, index: int | None) -> None:
        method = f"get_{what.replace(' ', '_')}_at"
        calls = "1 time" if nodes == 1 else f"{nodes} times"
        if nodes == 0:
            text = f"Layer {layer!r} has no {what}, because it is in no graph. Call it on an Input."
        elif index is None:
            text = (
                f"Layer {layer!r} has more than one {what}, because it was called {calls}. Choose one: "
                f"{method}(0) to {method}({nodes - 1})."
            )
        else:
            text = f"Layer {layer!r} has no {what} number {index}: it was called {calls}, counted from 0."
        super().__init__(text, layer=layer, what=what, nodes=nodes, index=index)


class WeightsError(KcoreError, ValueError):
    """Weights that do not fit the layer or model they are given to."""

    def __init__(self, *, owner: str, expected: Sequence[tuple[int, ...]], given: Sequence[tuple[int, ...]]) -> None:
        super().__init__(
            f"{owner} has {len(expected)} weights of shapes {list(expected)}, but it was given {len(given)} arrays of "
            f"shapes {list(given)}.",
            owner=owner,
            expected=tuple(expected),
            given=tuple(given),
        )


class ScheduledRateError(KcoreError, TypeError):
    """A learning rate was set where a schedule sets it."""

    def __init__(self, *, optimizer: str, schedule: str, value: Any) -> None:
        super().__init__(
            f"Optimizer {optimizer!r} takes its learning rate from the schedule {schedule}, so it cannot be set to "
            f"{value!r}. Compile with an optimizer that has a number as learning_rate: that can be changed.",
            optimizer=optimizer,
            schedule=schedule,
            value=value,
        )


class LabelShapeError(KcoreError, ValueError):
    """Labels whose shape does not belong to the predictions'."""

    def __init__(
        self, *, component: str, labels: Sequence[int | None], predictions: Sequence[int | None], expected: str
    ) -> None:
        super().__init__(
            f"{component} was given labels of shape {spelled_shape(labels)} for predictions of shape "
            f"{spelled_shape(predictions)}. It expects {expected}.",
            component=component,
            labels=tuple(labels),
            predictions=tuple(predictions),
            expected=expected,
        )


class LabelValueError(KcoreError, ValueError):
    """Labels whose values a loss has no meaning for."""

    def __init__(self, *, component: str, problem: str, example: Any, position: Any, expected: str) -> None:
        super().__init__(
            f"{component} was given {problem}: {example!r} at position {position}. It expects {expected}.",
            component=component,
            problem=problem,
            example=example,
            position=position,
            expected=expected,
        )
