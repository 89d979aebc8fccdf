"""Layers: outputs and gradients from Keras 2, Keras 3 (on PyTorch) and torch.nn.functional."""

from __future__ import annotations

import warnings

from recorders.archive import Archive, output_path
from recorders.layer_cases import core, embedding, normalization, recurrent, windows
from recorders.layer_cases.recorder import Recorder
from recorders.sources import VERSIONS


def main() -> None:
    archive = Archive("layers", VERSIONS)
    recorder = Recorder(archive)
    # PyTorch warns that it copies the input for even kernels with "same" padding: slower, not different.
    warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
    for part in (core, windows, normalization, embedding, recurrent):
        part.record(recorder)
    archive.write(output_path())


if __name__ == "__main__":
    main()
