"""The config of a graph, in the form that Keras 2 writes and Keras 3 still reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kcore.components.layer import Layer
from kcore.components.symbolic import Node, SymbolicTensor
from kcore.engine.tree import leaves
from kcore.errors.base import KcoreError
from kcore.errors.models import GraphError
from kcore.registry import deserialize, serialize

if TYPE_CHECKING:
    from kcore.models.functional import Functional

_TENSOR = "__keras_tensor__"


def graph_config(model: Functional) -> dict[str, Any]:
    """Layers with their configs and, for each call, ``[layer name, call number, output number, arguments]``.

    Calls are numbered within this model, whatever else their layers are used for.
    """
    numbers: dict[int, int] = {}
    calls: dict[Layer, list[Any]] = {layer: [] for layer in model.layers}
    for node in model.order:
        numbers[id(node)] = len(calls[node.layer])
        calls[node.layer].append(node)

    def reference(tensor: SymbolicTensor) -> list[Any]:
        assert tensor.node is not None
        return [tensor.node.layer.name, numbers[id(tensor.node)], tensor.index]

    layers = []
    for layer in model.layers:
        inbound = [
            [[*reference(tensor), _written(model.name, node, reference)] for tensor in leaves(node.inputs)]
            for node in calls[layer]
            if leaves(node.inputs)
        ]
        layers.append({**serialize(layer, "layers"), "name": layer.name, "inbound_nodes": inbound})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": [reference(tensor) for tensor in model.inputs],
        "output_layers": [reference(tensor) for tensor in model.outputs],
    }


def graph_from_config(config: dict[str, Any]) -> tuple[Any, Any]:
    """Rebuild the layers and repeat their calls; returns the graph's inputs and outputs.

    Raises:
        GraphError: the config is no graph.
    """
    name = str(config.get("name", "model"))
    try:
        entries = list(config["layers"])
        names = [str(entry["name"]) for entry in entries]
        waiting = [(entry["name"], list(entry.get("inbound_nodes") or [])) for entry in entries]
        inputs, outputs = config["input_layers"], config["output_layers"]
    except (KeyError, TypeError) as error:
        raise GraphError(
            model=name,
            problem=f"has a config that is no graph ({type(error).__name__}: {error})",
            advice="It needs 'layers', 'input_layers' and 'output_layers', as get_config() writes them.",
        ) from error
    layers: dict[str, Layer] = {
        layer_name: deserialize(entry, "layers") for layer_name, entry in zip(names, entries, strict=True)
    }

    def tensor(reference: Any) -> SymbolicTensor | None:
        layer, call, index = layers[reference[0]], int(reference[1]), int(reference[2])
        if call >= len(layer.nodes):
            return None
        found: SymbolicTensor = leaves(layer.nodes[call].outputs)[index]
        return found

    try:
        # A call can be repeated once all it needs exist; layers may be listed in any order.
        while waiting:
            later = []
            for layer_name, calls in waiting:
                while calls:
                    references = _normal(calls[0])
                    operands = [tensor(reference) for reference in references]
                    arguments = _read(dict(references[0][3]) if len(references[0]) > 3 else {}, tensor)
                    if any(found is None for found in [*operands, *arguments.values()]):
                        break
                    layers[layer_name](operands if len(operands) > 1 else operands[0], **arguments)
                    calls.pop(0)
                if calls:
                    later.append((layer_name, calls))
            if len(later) == len(waiting) and [len(c) for _, c in later] == [len(c) for _, c in waiting]:
                stuck = ", ".join(repr(layer_name) for layer_name, _ in later)
                raise GraphError(
                    model=name,
                    problem=f"has layers that wait for each other or for a missing one: {stuck}",
                    advice="The config was cut or changed by hand.",
                )
            waiting = later
        ends = [[tensor(reference) for reference in _ends(side)] for side in (inputs, outputs)]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, KcoreError):
            raise
        raise GraphError(
            model=name,
            problem=f"has a config with a wire that leads nowhere ({type(error).__name__}: {error})",
            advice="The config was cut or changed by hand.",
        ) from error
    if any(item is None for side in ends for item in side):
        raise GraphError(
            model=name, problem="names an input or output that no call makes", advice="The config was changed by hand."
        )
    return (ends[0] if len(ends[0]) > 1 else ends[0][0]), (ends[1] if len(ends[1]) > 1 else ends[1][0])


def _written(model: str, node: Node, reference: Callable[[SymbolicTensor], list[Any]]) -> dict[str, Any]:
    """The further arguments of a call as data; a symbolic tensor by where it comes from, as Keras 3 writes it.

    Raises:
        GraphError: an argument is nothing that a file can hold.
    """
    written: dict[str, Any] = {}
    for name, value in node.kwargs.items():
        if isinstance(value, SymbolicTensor):
            written[name] = {"class_name": _TENSOR, "config": {"keras_history": reference(value)}}
        elif value is None or isinstance(value, bool | int | float | str):
            written[name] = value
        else:
            raise GraphError(
                model=model,
                problem=f"calls layer {node.layer.name!r} with {name}={value!r}, which a config cannot hold",
                advice="Give it a number, a string, or a symbolic tensor; several tensors go into the first argument.",
            )
    return written


def _read(arguments: dict[str, Any], tensor: Callable[[Any], SymbolicTensor | None]) -> dict[str, Any]:
    """The arguments that ``_written`` wrote; ``None`` for a tensor that no call has made yet."""
    return {
        name: tensor(value["config"]["keras_history"])
        if isinstance(value, dict) and value.get("class_name") == _TENSOR
        else value
        for name, value in arguments.items()
        if value is not None
    }


def _normal(call: Any) -> list[Any]:
    """The references of one call; a single one may stand without its list."""
    return [call] if call and isinstance(call[0], str) else list(call)


def _ends(side: Any) -> list[Any]:
    return [side] if side and isinstance(side[0], str) else list(side)
