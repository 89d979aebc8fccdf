"""Try the example plugins as strangers' plugins: each alone, and a model that moves between environments.

    python tools/example_plugins.py [CHECK ...]

Each plugin in examples/plugins is built, installed alone in a clean environment, and tested there with its own settings
of ruff, mypy and pytest: the check of its name. The check `story` trains and saves a model where both are installed. A
clean environment with kcore's standard set refuses it, with one error that names all that is missing and who provided
it; after the command that the error says, the model is there to the bit, and trains on. Run it with the Python of
`.venv` (it needs the dependency group "build").
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from workshop import AT_ONCE, ROOT, CheckError, Workshop, metadata, run_checks

EXAMPLES = ROOT / "examples" / "plugins"
# Components of the plugins in the model, and the plugin of each: what the error has to say.
COMPONENTS = {
    "layers/CausalDepthwiseConv1D": "kcore-glu",
    "layers/SwiGLU": "kcore-glu",
    "layers/Swish": "kcore-glu",
    "metrics/CohenKappa": "kcore-agreement",
    "metrics/MatthewsCorrelation": "kcore-agreement",
}

TRAIN = """
import numpy as np
from kcore import Sequential, layers, metrics, optimizers, set_random_seed

set_random_seed(7)
rng = np.random.default_rng(7)
x = rng.normal(size=(256, 10, 4)).astype("float32")
# The class: which of three channels rises most from one step to the next, which one step alone does not tell.
y = np.abs(np.diff(x[..., :3], axis=1)).max(axis=1).argmax(axis=-1)
model = Sequential([
    layers.CausalDepthwiseConv1D(3, input_shape=(10, 4)),
    layers.SwiGLU(16, trainable_beta=True),
    layers.GlobalMaxPooling1D(),
    layers.Swish(),
    layers.Dense(3, activation="softmax"),
], name="moving")
adam = optimizers.get("adam", learning_rate=0.02)
model.compile(adam, "sparse_categorical_crossentropy", ["accuracy", metrics.CohenKappa(3), "MatthewsCorrelation"])
losses = model.fit(x, y, epochs=20, batch_size=32, verbose=0).history["loss"]
assert losses[-1] < 0.75 * losses[0], losses
model.save("model.h5")
np.savez("expected.npz", x=x, y=y, predictions=model.predict(x), evaluation=model.evaluate(x, y), losses=losses)
"""

LOAD = """
import numpy as np
from kcore import load_model, set_random_seed

set_random_seed(8)

expected = np.load("expected.npz")
x, y = expected["x"], expected["y"]
model = load_model("model.h5")
np.testing.assert_array_equal(model.predict(x), expected["predictions"])
np.testing.assert_array_equal(model.evaluate(x, y), expected["evaluation"])
losses = model.fit(x, y, epochs=3, batch_size=32, verbose=0).history["loss"]
# It goes on from where it was, not from the beginning.
assert max(losses) < 0.75 * expected["losses"][0], (losses, expected["losses"])
print(f"{len(x)} predictions to the bit, loss {expected['losses'][-1]:.4f}, then {losses[-1]:.4f}")
"""


def check_alone(workshop: Workshop, project: Path) -> str:
    """A plugin in a clean environment, by the commands of its own workflow."""
    name = str(metadata(project)["name"])
    python = workshop.install(name, workshop.requirement(name, "[test,lint]"))
    place = workshop.folder / "projects" / name
    shutil.copytree(project, place, ignore=shutil.ignore_patterns(".*_cache", "__pycache__", ".venv", "build", "dist"))
    for command in ("ruff check .", "ruff format --check .", "mypy"):
        tool, *arguments = command.split()
        workshop.run([python, "-m", tool, *arguments], cwd=place)
    # The tests import what is installed: src/ is on nobody's path.
    return f"ruff, mypy, {workshop.run_tests(python, place, 'tests')} tests passed"


def check_story(workshop: Workshop) -> str:
    """Train and save with both plugins; be refused without them; install what the error says; go on."""
    place = workshop.folder / "story"
    place.mkdir()
    standard = [workshop.requirement("kcore", "[standard]")]
    whole = workshop.install(
        "whole", *standard, *(workshop.requirement(name) for name in sorted(set(COMPONENTS.values())))
    )
    workshop.run([whole, "-W", "error", "-c", TRAIN], cwd=place)

    bare = workshop.install("bare", *standard)
    versions = {name: workshop.built[name].name.split("-")[1] for name in COMPONENTS.values()}
    (place / "data.yaml").write_text("data: {digits: {}}\n")
    error = refused(workshop, [bare.parent / "kcore", "evaluate", "model.h5", "--recipe", "data.yaml"], place)
    for component, name in COMPONENTS.items():
        wanted = rf"  \w+ '{component.partition('/')[2]}' at .*: not installed; saved with {name} {versions[name]}\.\n"
        if not re.search(wanted, error):
            raise CheckError(f"the error does not name {component} of {name}:\n{error}")
    if error.count("not installed") != len(COMPONENTS) or not error.startswith("Error: model.h5 names 5 components "):
        raise CheckError(f"the error names others than {', '.join(COMPONENTS)}:\n{error}")
    command = re.search(r"^Next: pip install (.*) \(", error, re.M)
    install = sorted(f"{name}=={version}" for name, version in versions.items())
    if command is None or sorted(command[1].split()) != install:
        raise CheckError(f"the error does not say to install {' '.join(install)}:\n{error}")

    # Predictions need the layers alone.
    error = refused(workshop, [bare.parent / "kcore", "predict", "model.h5", "--input", "expected.npz"], place)
    if "'SwiGLU'" not in error or "'CohenKappa'" in error:
        raise CheckError(f"predicting asks for other components than the layers:\n{error}")
    report = json.loads(refused(workshop, [bare.parent / "kcore", "doctor", "model.h5", "--json"], place))
    missing = {
        f"{one['family']}/{one['name']}": (one["state"], one["saved_with"]["distribution"], one["install"])
        for one in report["file"]["components"]
        if one["problem"]
    }
    if missing != {key: ("missing", name, f"{name}=={versions[name]}") for key, name in COMPONENTS.items()}:
        raise CheckError(f"`kcore doctor model.h5` says something else: {missing}")

    workshop.add(bare, *command[1].split())
    workshop.run([bare.parent / "kcore", "doctor", "model.h5"], cwd=place)
    return workshop.run([bare, "-W", "error", "-c", LOAD], cwd=place).strip()


def refused(workshop: Workshop, command: list[Any], cwd: Path) -> str:
    """What a command says that ends with the exit code 1, as errors of kcore do."""
    done = subprocess.run(command, cwd=cwd, env=workshop.environment, capture_output=True, text=True)
    if done.returncode != 1:
        shown = " ".join(map(str, command))
        raise CheckError(f"$ {shown}\nended with {done.returncode}, not 1:\n{done.stdout}{done.stderr}")
    return done.stderr or done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="these only: story, or the name of a plugin")
    chosen = parser.parse_args().checks
    examples = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))
    plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kcore-examples-") as temporary,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        workshop = Workshop(Path(temporary))
        try:
            list(pool.map(workshop.build, [ROOT, *plugins, *examples]))
            wanted = [workshop.requirement(str(metadata(path)["name"]), "[test,lint]") for path in examples]
            workshop.gather([*wanted, workshop.requirement("kcore", "[standard]")])
        except CheckError as failure:
            raise SystemExit(str(failure)) from None
        print(f"{len(workshop.built)} wheels built ({time.monotonic() - start:.0f} s)", flush=True)
        checks: dict[str, Callable[[], str]] = {"story": partial(check_story, workshop)}
        checks |= {path.name: partial(check_alone, workshop, path) for path in examples}
        run_checks("examples", {name: check for name, check in checks.items() if not chosen or name in chosen}, start)


if __name__ == "__main__":
    main()
