"""Every layer of the registry keeps the contract of layers, also saved, and with padded sequences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore.engine.tree import leaves
from kcore.errors import LayerMaskError
from kcore.registry import registry
from kcore.testing import conformance_checks, conformance_test, stated_cases
from kcore.testing.layers import LayerCase, case_model
from kcore.testing.reference import load_cases

CASES: list[LayerCase] = stated_cases("kcore-layers", "layers")
WITHOUT_CASES = {
    check.component for check in conformance_checks("kcore-layers") if check.name == "cases" and check.expected
}

test_conformance = conformance_test("kcore-layers")


def test_every_layer_is_recorded_from_another_framework() -> None:
    home = registry("layers")
    offered = {
        record.name: home.load(record.name) for record in home.records() if record.distribution == "kcore-layers"
    }
    classes = {name for name, kind in offered.items() if isinstance(kind, type) and kind.__name__ == name}
    folder = Path(__file__).parent / "reference"
    recorded = {case.component for path in folder.glob("*.npz") for case in load_cases(path)}
    # Lambda has no numbers of its own.
    assert classes - WITHOUT_CASES - {"Lambda"} <= recorded


LOADING = """
import json, sys
from pathlib import Path
import numpy as np
from kcore import load_model
from kcore.engine.tree import leaves

results = {}
for path in sorted(Path(sys.argv[1]).glob("*.h5")):
    with np.load(path.with_suffix(".npz")) as arrays:
        inputs = [arrays[name] for name in arrays if name.startswith("x")]
        expected = [arrays[name] for name in arrays if name.startswith("y")]
    try:
        found = leaves(load_model(path).predict(inputs if len(inputs) > 1 else inputs[0]))
        same = len(found) == len(expected) and all(np.array_equal(a, b) for a, b in zip(found, expected))
        results[path.stem] = "" if same else "other numbers"
    except Exception as error:
        results[path.stem] = f"{type(error).__name__}: {error}"
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def loaded_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each case's model in a new process: nothing to complain of, or an error."""
    folder = tmp_path_factory.mktemp("models")
    for number, case in enumerate(CASES):
        model = case_model(case)
        inputs = case.inputs()
        arrays = {f"x{place}": array for place, array in enumerate(leaves(inputs))}
        arrays |= {f"y{place}": array for place, array in enumerate(leaves(model.predict(inputs)))}
        model.save(folder / f"{number}.h5")
        np.savez(folder / f"{number}.npz", **arrays)
    run = subprocess.run([sys.executable, "-c", LOADING, str(folder)], capture_output=True, text=True, check=True)
    results: dict[str, str] = json.loads(run.stdout)
    return results


@pytest.mark.parametrize("number", range(len(CASES)), ids=[str(case) for case in CASES])
def test_a_saved_layer_computes_the_same_in_a_new_process(number: int, loaded_elsewhere: dict[str, str]) -> None:
    assert loaded_elsewhere[str(number)] == ""


def has_steps_and_takes_masks(case: LayerCase) -> bool:
    """Whether the case's layer can be given sequences of any length with a mask."""
    if isinstance(case.shape, list) or case.below or 1 not in case.unknown or len(case.shape) < 3:
        return False
    layer, x = case.ready(), case.inputs()
    try:
        layer(x, mask=np.ones(x.shape[:2], "bool"))
    except LayerMaskError:
        return False
    return True


MASKABLE = [case for case in CASES if has_steps_and_takes_masks(case)]


@pytest.mark.parametrize("case", MASKABLE, ids=str)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_padded_batch_gives_what_each_sequence_gives_alone(case: LayerCase, data: st.DataObject) -> None:
    layer, x = case.ready(), case.inputs()
    batch, steps = x.shape[:2]
    lengths = data.draw(st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
    front = data.draw(st.booleans())
    mask = np.arange(steps) < np.asarray(lengths)[:, np.newaxis]
    mask = mask[:, ::-1] if front else mask
    # Whatever stands in padded steps does not matter, but for the layer that finds them by what stands there.
    padding = np.float32(getattr(layer, "mask_value", 9))
    x = np.where(mask.reshape(batch, steps, *(1,) * (x.ndim - 2)), x, padding)
    together = layer(x, mask=mask)
    masks = layer.compute_mask(x, mask)
    masks = masks if isinstance(masks, list) else [masks]
    for row in range(batch):
        alone = leaves(layer(x[row : row + 1, mask[row]]))
        for output, kept, expected in zip(leaves(together), masks, alone, strict=True):
            own = output[row] if kept is None else output[row][kept[row]]
            np.testing.assert_allclose(own, expected[0], rtol=2e-5, atol=2e-5)


def test_the_property_of_padding_is_tested_on_every_layer_that_takes_masks() -> None:
    assert {case.layer for case in MASKABLE} >= {"Dense", "Activation", "BatchNormalization", "LSTM", "GRU", "Dropout"}
