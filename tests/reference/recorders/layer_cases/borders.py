"""Cropping and zero padding."""

from __future__ import annotations

import itertools
from typing import Any

import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, in_torch_layout, listed, main
from recorders.sources import normal

# Each form in which the argument may be given.
WIDTHS: dict[int, tuple[Any, ...]] = {
    1: (0, 1, (1, 2), (2, 0)),
    2: (0, 1, (1, 2), ((1, 2), (0, 1)), ((0, 2), (1, 0))),
    3: (0, 1, (1, 0, 2), ((1, 0), (0, 2), (1, 1)), ((0, 1), (1, 1), (2, 0))),
}
ARGUMENTS = {"Cropping": "cropping", "ZeroPadding": "padding"}
# As much as is cut off, and a little more.
CROPPED_SIZES = {1: (5,), 2: (4, 5), 3: (3, 4, 5)}
PADDED_SIZES = {1: (3,), 2: (2, 3), 3: (2, 1, 2)}


def pairs(widths: Any, rank: int) -> list[tuple[int, int]]:
    if isinstance(widths, int):
        return [(widths, widths)] * rank
    if rank == 1:
        return [tuple(widths)]
    return [(width, width) if isinstance(width, int) else tuple(width) for width in widths]


def case(
    recorder: Recorder, kind: str, rank: int, widths: Any, data_format: str | None, dtype: str = "float32"
) -> None:
    config: dict[str, Any] = {ARGUMENTS[kind]: listed(widths)}
    config |= {} if data_format is None else {"data_format": data_format}
    digits = "".join(character for character in str(widths) if character.isdigit() or character == ",")
    name = f"{kind}{rank}D/{digits}" + ("" if data_format is None else f"-{data_format}")
    name += FLOAT64 if dtype == "float64" else ""
    size = CROPPED_SIZES[rank] if kind == "Cropping" else PADDED_SIZES[rank]
    x = normal((2, 2, *size) if data_format == "channels_first" else (2, *size, 2), dtype)
    # Only Keras 3 has a layout here.
    sources = ("keras3",) if rank == 1 and data_format is not None else ("tf_keras", "keras3")
    recorder.keras(name, config, x, (), sources)
    sign = -1 if kind == "Cropping" else 1
    amounts = [sign * width for pair in reversed(pairs(widths, rank)) for width in pair]
    recorder.torch(name, config, x, (), in_torch_layout(config, lambda t: F.pad(t, amounts)))


def record(recorder: Recorder) -> None:
    for kind in ARGUMENTS:
        for widths in WIDTHS[1]:
            case(recorder, kind, 1, widths, None)
        for rank in (2, 3):
            for widths, data_format in itertools.product(WIDTHS[rank], ("channels_last", "channels_first")):
                case(recorder, kind, rank, widths, data_format)
        for rank in (1, 2, 3):
            case(recorder, kind, rank, 1, None, "float64")
    for widths in WIDTHS[1]:
        case(recorder, "ZeroPadding", 1, widths, "channels_first")


if __name__ == "__main__":
    main(record)
