"""A workload in kcore, through ``fit``: ``train_kcore.py WORKLOAD STEPS EPOCHS``."""

from __future__ import annotations

import json
import sys

from epochs import epoch_clock, milliseconds, report, spans
from keras_shaped import train
from process_memory import status
from workloads import WORKLOADS, data

import kcore
from kcore.errors import UnknownComponentError
from kcore.registry import registry


def main(name: str, steps: int, epochs: int) -> None:
    imported = status("VmRSS")
    workload = WORKLOADS[name]
    x, y = data(workload, steps)
    clock = epoch_clock(kcore.callbacks.Callback)
    try:
        first, rest = train(kcore, registry("layers").load, workload, x, y, clock, epochs + 1)
    except UnknownComponentError as error:
        json.dump({"version": kcore.__version__, "missing": error.name}, sys.stdout)
        return
    ready = status("VmRSS")
    first_step = milliseconds(first)
    rest()
    report(kcore.__version__, imported, ready, first_step, spans(clock.times, steps))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
