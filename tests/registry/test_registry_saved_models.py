"""A saved model in an environment whose plugins are others: throw-away distributions, and one error for all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import pytest

import kcore
from kcore import Sequential
from kcore.errors import BrokenComponentError, MissingComponentsError
from kcore.layers import Dense
from kcore.registry import prefer
from kcore.saving.h5 import H5Format


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that names a layer, an activation and an optimizer of strangers."""
    model = Sequential([Dense(5, name="one", input_shape=(3,)), Dense(2, activation="relu", name="two")], name="net")
    model.compile("adam", "mse")
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        layer = config["config"]["layers"][2]
        layer["class_name"], layer["config"]["activation"] = "Gate", "warp"
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["training_config"] = file.attrs["training_config"].replace('"Adam"', '"Tiger"')
        origins = json.loads(file.attrs["kcore_components"]) | {
            "layers/Gate": ["strange-layers", "1.2"],
            "activations/warp": ["strange-layers", "1.2"],
            "optimizers/Tiger": ["strange-optimizers", "2.0rc1"],
        }
        file.attrs["kcore_components"] = json.dumps(origins)
    return tmp_path / "m.h5"


def refused(path: Path) -> MissingComponentsError:
    with pytest.raises(MissingComponentsError) as caught:
        # Where only the test's distributions are installed, no suffix means a format.
        H5Format().load(path)
    return caught.value


def test_what_is_broken_or_claimed_by_several_is_named_too(path: Path, installed: Any) -> None:
    ok = "class Gate:\n    pass\n"
    installed.install("one-layers", {"layers": {"Gate": "one_layers:Gate"}}, {"one_layers.py": ok}, version="1.0")
    installed.install("two-layers", {"layers": {"Gate": "two_layers:Gate"}}, {"two_layers.py": ok}, version="2.0")
    installed.install(
        "strange-optimizers",
        {"optimizers": {"Tiger": "tiger:Tiger"}},
        {"tiger.py": "import no_such_cat"},
        version="2.0",
    )
    installed.install("strange-layers", {"layers": {"Other": "other:Other"}}, version="1.3")
    kcore.registry.refresh()
    text = str(refused(path))
    assert (
        "  layer 'Gate' at model/net.layers: claimed by one-layers 1.0 and two-layers 2.0; saved with strange" in text
    )
    assert (
        "  optimizer 'Tiger' at training.optimizer_config: strange-optimizers 2.0 is broken: ModuleNotFoundError: No "
        "module named 'no_such_cat'; saved with strange-optimizers 2.0rc1.\n"
    ) in text
    # The distribution is there, in a version that has it not.
    assert (
        "  activation 'warp' at model/net.layers/two.activation: strange-layers 1.3 is installed, but has no " in text
    )
    assert " strange-layers==1.2 " in text.partition("Next: pip install ")[2]
    assert "\nNext: repair, upgrade or remove what provides 'Tiger'.\n" in text
    assert text.endswith("Next: say whose 'Gate' is meant, with kcore.registry.prefer or KCORE_PREFER.")
    # Of first-party components nothing is left in this environment.
    assert "  loss 'mean_squared_error' at training.loss: not installed; saved with kcore-losses 0.1.0.\n" in text
    assert " kcore-losses " in text and "kcore-losses==" not in text


def test_the_same_version_is_not_installed_again(path: Path, installed: Any) -> None:
    installed.install("strange-layers", {"layers": {"Other": "other:Other"}}, version="1.2")
    kcore.registry.refresh()
    (gate,) = [one for one in refused(path).components if one.name == "Gate"]  # type: ignore[attr-defined]
    assert (gate.reason, gate.install) == ("strange-layers 1.2 is installed, but has no layer of that name", None)
    assert str(refused(path)).endswith("\nNext: install another version of strange-layers.")


def test_an_incompatible_plugin_is_named(path: Path, installed: Any) -> None:
    entries = "[kcore.layers]\nGate = gate:Gate\n[kcore.api]\n99 = gate\n"
    installed.install("strange-layers", entries, {"gate.py": "class Gate: ..."}, version="1.2")
    kcore.registry.refresh()
    text = str(refused(path))
    assert "  layer 'Gate' at model/net.layers: strange-layers 1.2 is incompatible: " in text and " 99" in text
    assert "\nNext: install another version of what provides 'Gate', or of kcore.\n" in text + "\n"


def test_the_cause_is_the_registry_s_own_error(path: Path, installed: Any) -> None:
    installed.install(
        "strange-layers", {"layers": {"Sequential": "seq:S"}}, {"seq.py": "raise RuntimeError('no')"}, version="1.2"
    )
    kcore.registry.refresh()
    prefer("layers", "Sequential", "strange-layers")
    error = refused(path)
    assert isinstance(error.__cause__, BrokenComponentError)
    assert "strange-layers 1.2 is broken: RuntimeError: no; saved with kcore 0.1.0." in str(error)
