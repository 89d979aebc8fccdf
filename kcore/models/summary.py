"""The table that ``summary()`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kcore.components.layer import Layer
from kcore.components.symbolic import Node
from kcore.engine.tree import leaves

if TYPE_CHECKING:
    from kcore.models.model import Model

HEADINGS = ("Layer", "Type", "Output shape", "Params", "Connected to")


def summary_text(model: Model, line_length: int | None = None) -> str:
    """The model as a table: a row per layer, then the totals."""
    rows = [_row(model, layer) for layer in model.layers]
    columns = len(HEADINGS) if any(row[-1] for row in rows) else len(HEADINGS) - 1
    table = [HEADINGS[:columns], *(row[:columns] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(columns)]
    if line_length is not None:
        widths[-1] = max(widths[-1], line_length - sum(widths[:-1]) - 2 * (columns - 1))
    rule = "-" * (sum(widths) + 2 * (columns - 1))
    lines = [f"Model: {model.name} ({type(model).__name__})", rule, _line(table[0], widths), rule]
    lines += [_line(row, widths) for row in table[1:]]
    lines.append(rule)
    unbuilt = [layer.name for layer in model.layers if not layer.built]
    if unbuilt:
        lines.append("Not built yet: shapes and parameters are known once the model has seen data or an input_shape.")
    else:
        total = sum(variable.size for variable in model.weights)
        trainable = sum(variable.size for variable in model.trainable_weights)
        size = sum(variable.value.nbytes for variable in model.weights)
        lines.append(f"Total params: {total:,} ({_bytes(size)})")
        lines.append(f"Trainable params: {trainable:,}")
        lines.append(f"Non-trainable params: {total - trainable:,}")
    return "\n".join(lines)


def _row(model: Model, layer: Layer) -> tuple[str, ...]:
    nodes = _nodes(model, layer)
    shape = str(_shape(nodes[0].outputs)) if nodes else "?"
    params = f"{layer.count_params():,}" if layer.built else "?"
    return layer.name, type(layer).__name__, shape, params, _connections(model, nodes)


def _nodes(model: Model, layer: Layer) -> list[Node]:
    """The calls of the layer that belong to the model."""
    order = getattr(model, "order", None)
    return layer.nodes[-1:] if order is None else [node for node in order if node.layer is layer]


def _shape(outputs: Any) -> Any:
    shapes = [tensor.shape for tensor in leaves(outputs)]
    return shapes[0] if len(shapes) == 1 else shapes


def _connections(model: Model, nodes: list[Node]) -> str:
    if not hasattr(model, "order"):
        return ""
    names = []
    for node in nodes:
        for tensor in node.needs:
            assert tensor.node is not None
            number = tensor.node.number
            names.append(tensor.node.layer.name + (f"[{number}]" if number else ""))
    return ", ".join(names)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        # Numbers stand under each other at the right.
        cell.rjust(width) if column == 3 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
