"""Measure kcore beside its peers in one run, and write ``RESULTS.md``. Standard library only.

Each peer has its own environment, made here on first use. Only the ratios of one run mean anything: the machines
that such runs happen on differ, and are rarely quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import venv
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENVIRONMENTS = ROOT / ".venvs"
PEERS = {"torch": ["torch==2.13.0", "numpy>=2"]}
WORKLOADS = {
    "tiny_mlp": "20-64-64-1, relu, batch 32, Adam",
    "mlp_mnist": "784-512-512-10, relu, dropout 0.2, batch 128, RMSprop",
    "cnn_mnist": "28x28x1: Conv 32, Conv 64, MaxPool, dropout, Dense 128, dropout, Dense 10; batch 128, Adadelta",
    "cnn_cifar": "32x32x3: Conv 32 same, Conv 32, MaxPool, Conv 64 same, Conv 64, MaxPool, Dense 512, Dense 10, "
    "dropouts; batch 32, RMSprop",
}
# Both cores for everybody; what a library does with them is its own affair.
THREADS = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


def environment(peer: str) -> str:
    """The Python of a peer's environment."""
    folder = ENVIRONMENTS / f"bench-{peer}"
    python = folder / "bin" / "python"
    done = folder / "installed"
    wanted = " ".join(PEERS[peer])
    if not done.exists() or done.read_text() != wanted:
        print(f"making the environment of {peer} ...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[peer]], check=True)
        done.write_text(wanted)
    return str(python)


def worker(python: str, peer: str, workload: str) -> dict[str, Any]:
    command = [python, str(HERE / "workers" / f"{peer}_worker.py"), workload]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **THREADS}).stdout
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result


def steps(repeats: int) -> list[str]:
    """Milliseconds per training step, the peers in turn."""
    pythons = {"kcore": sys.executable, **{peer: environment(peer) for peer in PEERS}}
    lines = [
        "| workload | network | peer | median ms/step | min | first epoch, ms/step | kcore / peer |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for workload, text in WORKLOADS.items():
        runs: dict[str, list[dict[str, Any]]] = {peer: [] for peer in pythons}
        for _ in range(repeats):
            for peer, python in pythons.items():
                runs[peer].append(worker(python, peer, workload))
                print(workload, peer, f"{runs[peer][-1]['median_ms']:.2f} ms/step", flush=True)
        median = {peer: statistics.median(run["median_ms"] for run in found) for peer, found in runs.items()}
        for peer, found in runs.items():
            ratio = "" if peer == "kcore" else f"{median['kcore'] / median[peer]:.2f}"
            best = min(run["min_ms"] for run in found)
            first = statistics.median(run["first_epoch_ms"] for run in found)
            label = f"{peer} {found[0]['version']}"
            lines.append(f"| {workload} | {text} | {label} | {median[peer]:.2f} | {best:.2f} | {first:.2f} | {ratio} |")
    return lines


def import_times(repeats: int) -> list[str]:
    """What ``import kcore`` costs over ``import numpy``, in fresh processes, in turn."""
    code = "import time; a = time.perf_counter(); import {}; print(time.perf_counter() - a)"
    both = "import numpy, time; a = time.perf_counter(); import kcore; print(time.perf_counter() - a)"

    def seconds(program: str) -> float:
        output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
        return float(output)

    numpy_times, over = [], []
    for _ in range(repeats):
        numpy_times.append(seconds(code.format("numpy")) * 1e3)
        over.append(seconds(both) * 1e3)
    return [
        "| import | median ms | min | max |",
        "|---|--:|--:|--:|",
        f"| `import numpy` | {statistics.median(numpy_times):.1f} | {min(numpy_times):.1f} | {max(numpy_times):.1f} |",
        f"| `import kcore` after it | {statistics.median(over):.2f} | {min(over):.2f} | {max(over):.2f} |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="runs of every worker")
    parser.add_argument("--imports", type=int, default=20, help="processes for the import times")
    parser.add_argument("--only-imports", action="store_true", help="measure no steps, and write nothing")
    options = parser.parse_args()
    imports = import_times(options.imports)
    print("\n".join(imports), flush=True)
    if options.only_imports:
        return
    table = steps(options.repeats)
    text = [
        "# Results",
        "",
        f"Measured on {date.today().isoformat()}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} processors, two threads for every library. Medians of {options.repeats} processes, each the "
        "median of three epochs after the first, in turn. Only the ratios of one run count. `make bench` writes this "
        "file.",
        "",
        "## A training step, through `fit`",
        "",
        *table,
        "",
        f"## Import, {options.imports} processes",
        "",
        *imports,
        "",
    ]
    (HERE / "RESULTS.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()
