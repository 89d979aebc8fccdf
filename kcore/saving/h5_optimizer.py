"""The state of an optimizer in an HDF5 file, as Keras 2 lays it out: the number of steps, then one slot after another.

Versions of Keras differ in the order and in the names, but a name always contains that of the weight it belongs to:
``Adam/dense/kernel/m:0`` (Keras 2), ``Adam/m/dense/kernel:0`` (tf_keras since 2.11). The weights of recurrent layers
have the name of a cell in it, too: ``lstm/lstm_cell/kernel``, or ``lstm_cell_2``, since TensorFlow 2. Those of layers
around layers have the outer name before the inner one, or in its place: ``both/forward_lstm/kernel``, ``each/kernel``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from kcore.components.layer import Layer
from kcore.components.optimizer import Optimizer
from kcore.engine.tracing import Variable
from kcore.saving.h5_layout import H5Source, write_arrays
from kcore.saving.h5_weights import Assignments

GROUP = "optimizer_weights"
CELL = re.compile(r"(lstm|gru|simple_rnn)_cell(_\d+)?")


def write_optimizer(file: h5py.Group, optimizer: Optimizer, parameters: Sequence[Variable], path: Path) -> None:
    """Store the state for the weights that a reader will train; nothing before the first step.

    A weight that became trainable after the last ``compile`` has no state yet, so its first state is stored.
    """
    if int(optimizer.iterations) == 0:
        return
    built = {id(parameter): index for index, parameter in enumerate(optimizer._parameters)}
    arrays = [(f"{optimizer.name}/iter:0", optimizer.iterations.value)]
    arrays += [(f"{optimizer.name}/{name}:0", variable.value) for name, variable in optimizer.shared.items()]
    for slot in optimizer.slot_names:
        for parameter in parameters:
            index = built.get(id(parameter))
            start = optimizer.slot_starts.get(slot, 0.0)
            value = np.full_like(parameter.value, start) if index is None else optimizer.slots[slot][index].value
            arrays.append((f"{optimizer.name}/{parameter.name}/{slot}:0", value))
    write_arrays(file.create_group(GROUP), arrays, path)


def read_optimizer(source: H5Source, optimizer: Optimizer, parameters: Sequence[Variable], model: Layer) -> Assignments:
    """What each variable of the optimizer becomes; nothing if the file has no state.

    Args:
        optimizer: with its slots built for ``parameters``.
        parameters: what is trained.
        model: whose weights they are.

    Raises:
        FileContentError: the state is that of another optimizer, or of other weights.
    """
    group = source.group(source.file, GROUP)
    if group is None:
        return []
    names = source.names(group, "weight_names")
    shared = list(optimizer.shared)
    expected = 1 + len(shared) + len(optimizer.slot_names) * len(parameters)
    if names is not None and shared and len(names) == expected - len(shared):
        # tf_keras's Nadam does not store its product of momenta; it follows from the number of steps.
        expected, shared = len(names), []
    if names is None or len(names) != expected:
        found = "no attribute 'weight_names'" if names is None else f"{len(names)} arrays"
        raise source.error(
            f"has {found} in the group {GROUP!r}",
            f"{expected} for {optimizer.name!r} and {len(parameters)} weights; "
            f"load_model(..., compile=False) does without",
        )
    steps = source.array(group, names[0], (), np.dtype("int64"))
    if steps < 0:
        raise source.error(f"has an optimizer that made {steps} steps", "a number of at least 0")
    rest = names[1 + len(shared) :]
    order = _by_name(rest, parameters, len(optimizer.slot_names), model) or [
        (slot, index) for slot in range(len(optimizer.slot_names)) for index in range(len(parameters))
    ]
    pairs: Assignments = [(optimizer.iterations, steps)]
    for place, name in enumerate(shared, 1):
        pairs.append((optimizer.shared[name], source.array(group, names[place], (), np.dtype("float64"))))
    if not shared:
        known = optimizer.shared_after(int(steps))
        pairs += [(variable, np.asarray(known[name])) for name, variable in optimizer.shared.items()]
    for name, (slot, index) in zip(rest, order, strict=True):
        variable = optimizer.slots[optimizer.slot_names[slot]][index]
        pairs.append((variable, source.array(group, name, variable.shape, variable.dtype)))
    return pairs


def _by_name(
    names: Sequence[str], parameters: Sequence[Variable], slots: int, model: Layer
) -> list[tuple[int, int]] | None:
    """Slot and weight of each array, if the names tell them all apart; slots are in the order of their first array."""
    kinds: dict[tuple[str, ...], int] = {}
    order = []
    paths = _paths(parameters, model)
    around = {layer.name for layer in model.walk() if layer.sublayers}
    for name in names:
        parts = tuple(name.rpartition(":")[0].split("/"))
        found = _places(parts, paths) or _places(tuple(part for part in parts if not CELL.fullmatch(part)), paths)
        if not found:
            return None
        _, index, rest = max(found)
        order.append((kinds.setdefault(tuple(part for part in rest if part not in around), len(kinds)), index))
    complete = len(set(order)) == slots * len(parameters) and len(kinds) == slots
    return order if complete else None


def _paths(parameters: Sequence[Variable], model: Layer) -> list[tuple[tuple[str, ...], int]]:
    """The names by which each weight may go: its own, and one that begins with a layer around its layer."""
    own = {parameter: tuple(parameter.name.split("/")) for parameter in parameters}
    paths = [(path, index) for index, path in enumerate(own.values())]
    positions = {parameter: index for index, parameter in enumerate(parameters)}
    for layer in model.walk():
        if layer is not model and layer.sublayers:
            inside = [parameter for parameter in layer.weights if parameter in own]
            last = Counter(own[parameter][-1] for parameter in inside)
            paths += [
                ((layer.name, own[parameter][-1]), positions[parameter])
                for parameter in inside
                if last[own[parameter][-1]] == 1
            ]
    return paths


def _places(
    parts: tuple[str, ...], paths: Sequence[tuple[tuple[str, ...], int]]
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Where a weight's own name lies within a longer one: its length, the weight, and what else is there."""
    return [
        (len(path), index, (*parts[:start], *parts[start + len(path) :]))
        for path, index in paths
        for start in range(len(parts) - len(path) + 1)
        if parts[start : start + len(path)] == path
    ]
