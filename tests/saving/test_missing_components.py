"""A file whose components cannot be had: one error that names all of them, and what a stranger may write into it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore
from kcore import Sequential, load_model, model_from_json
from kcore.errors import MissingComponent, MissingComponentsError, UnknownComponentError
from kcore.layers import Dense
from kcore.models.needs import needs_in
from kcore.registry import configure_plugins, prefer, registry
from kcore.saving.needs import needs_of

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
ORIGINS = {
    "layers/Gate": ["strange-layers", "1.2"],
    "optimizers/Tiger": ["strange-optimizers", "2.0rc1"],
    "activations/warp": ["strange-layers", "1.2"],
    "initializers/odd": ["strange-layers", "1.2"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    model = Sequential([Dense(5, name="one", input_shape=(3,)), Dense(2, activation="relu", name="two")], name="net")
    model.compile("adam", "mse", metrics=["mae"])
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def edit(path: Path, *, origins: Any = ORIGINS, **training: Any) -> None:
    """Another layer, with an activation and an argument of its own, and another optimizer; and what is said of them."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        layer = config["config"]["layers"][2]
        layer["class_name"] = "Gate"
        layer["config"] |= {"activation": "warp", "style": ["odd", "even"]}
        file.attrs["model_config"] = json.dumps(config)
        told = json.loads(file.attrs["training_config"])
        told["optimizer_config"]["class_name"] = "Tiger"
        file.attrs["training_config"] = json.dumps(told | training)
        del file.attrs["kcore_components"]
        if origins is not None:
            file.attrs["kcore_components"] = origins if isinstance(origins, str | int) else json.dumps(origins)


def refused(path: Path, *arguments: Any, **options: Any) -> MissingComponentsError:
    with pytest.raises(MissingComponentsError) as caught:
        load_model(path, *arguments, **options)
    return caught.value


def test_all_that_is_missing_is_named_with_who_provided_it(path: Path) -> None:
    edit(path)
    error = refused(path)
    assert isinstance(error, LookupError) and isinstance(error.__cause__, UnknownComponentError)
    assert str(error) == (
        f"{path} names 4 components that cannot be had here:\n"
        "  activation 'warp' at model/net.layers/two.activation: not installed; saved with strange-layers 1.2.\n"
        "  initializer 'odd' at model.config.layers.config.style: not installed; saved with strange-layers 1.2.\n"
        "  layer 'Gate' at model/net.layers: not installed; saved with strange-layers 1.2.\n"
        "  optimizer 'Tiger' at training.optimizer_config: not installed; saved with strange-optimizers 2.0rc1.\n"
        "Next: pip install strange-layers==1.2 strange-optimizers==2.0rc1 (the file names them: install only what you "
        "trust)"
    )
    assert error.source == str(path) and error.more is False and error.custom == ()  # type: ignore[attr-defined]
    assert error.install == ("strange-layers==1.2", "strange-optimizers==2.0rc1")  # type: ignore[attr-defined]
    assert error.components[2] == MissingComponent(  # type: ignore[attr-defined]
        family="layers",
        noun="layer",
        name="Gate",
        place="model/net.layers",
        state="missing",
        reason="not installed",
        distribution="strange-layers",
        version="1.2",
        from_file=True,
        install="strange-layers==1.2",
    )
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.components) == (str(error), error.components)  # type: ignore[attr-defined]


def names(error: MissingComponentsError) -> list[str]:
    return [one.name for one in error.components]  # type: ignore[attr-defined]


def test_without_compile_what_training_needs_is_not_missing(path: Path) -> None:
    edit(path)
    assert names(refused(path, compile=False)) == ["warp", "odd", "Gate"]


def test_custom_objects_count(path: Path) -> None:
    edit(path)

    class Gate(Dense):
        def __init__(self, units: int, *, style: list[str], **arguments: Any) -> None:
            super().__init__(units, **arguments)

    assert names(refused(path, {"Gate": Gate, "warp": np.tanh})) == ["odd", "Tiger"]
    with kcore.custom_object_scope({"Tiger": registry("optimizers")["Adam"]}):
        assert names(refused(path, {"Gate": Gate})) == ["warp", "odd"]
        assert isinstance(load_model(path, {"Gate": Gate, "warp": np.tanh}).layers[1], Gate)


def test_where_the_file_says_nothing_the_core_s_table_does(path: Path) -> None:
    edit(path, origins=None)
    with configure_plugins("-kcore-losses"):
        error = refused(path)
    assert str(error).splitlines()[1:] == [
        "  activation 'warp' at model/net.layers/two.activation: not installed; the file does not say who provided it.",
        "  layer 'Gate' at model/net.layers: not installed; the file does not say who provided it.",
        "  loss 'mean_squared_error' at training.loss: kcore-losses 0.1.0 is disabled: "
        "configure_plugins='-kcore-losses' denies kcore-losses; kcore-losses provides it.",
        "  optimizer 'Tiger' at training.optimizer_config: not installed; the file does not say who provided it.",
        "Next: load with custom_objects={'warp': ..., 'Gate': ..., 'Tiger': ...}, or install what provides them.",
        "Next: change the switch that disables 'mean_squared_error'.",
    ]
    assert [one.state for one in error.components] == ["missing", "missing", "disabled", "missing"]  # type: ignore[attr-defined]
    assert error.custom == ("warp", "Gate", "Tiger")  # type: ignore[attr-defined]


def test_one_that_is_missing_is_the_same_error(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        told = file.attrs["training_config"]
        file.attrs["training_config"] = told.replace('"mean_squared_error"', '"mean_sqr_error"')
    assert str(refused(path)) == (
        f"{path} names a component that cannot be had here:\n"
        "  loss 'mean_sqr_error' at training.loss: not installed (there is 'MeanSquaredError' or 'mean_squared_error'); the file does not "
        "say who provided it.\n"
        "Next: load with custom_objects={'mean_sqr_error': ...}, or install what provides it.\n"
        "Next: load_model(..., compile=False) does without."
    )
    load_model(path, compile=False)


def test_a_preference_that_cannot_be_met_is_told(path: Path) -> None:
    prefer("layers", "Dense", "no-such-layers")
    try:
        error = refused(path)
    finally:
        prefer("layers", "Dense", None)
    assert str(error).splitlines()[1:] == [
        "  layer 'Dense' at model/net.layers: kcore.registry.prefer('layers', 'Dense', 'no-such-layers') asks for that of "
        "no-such-layers, which has it not here; saved with kcore-layers 0.1.0.",
        "Next: say whose 'Dense' is meant, with kcore.registry.prefer or KCORE_PREFER.",
    ]


def test_what_a_component_asks_for_by_itself_is_named_without_a_place(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"units": 2}}]}
    (tmp_path / "m.json").write_text(json.dumps(config))
    with configure_plugins("-kcore-initializers"):
        error = refused(tmp_path / "m.json")
    (one,) = error.components  # type: ignore[attr-defined]
    assert (one.family, one.name, one.place, one.state) == ("initializers", "glorot_uniform", "", "disabled")
    assert "\n  initializer 'glorot_uniform': kcore-initializers 0.1.0 is disabled: " in str(error)


def test_json_says_it_too(tmp_path: Path) -> None:
    model = Sequential([Dense(2, name="one", input_shape=(3,))], name="net")
    text = model.to_json()
    said = json.loads(text)["kcore_components"]
    assert said["layers/Dense"] == ["kcore-layers", kcore.__version__] and "optimizers/Adam" not in said
    assert model_from_json(text).get_config() == model.get_config() and model_from_json(text).to_json() == text
    strange = text.replace('"Dense"', '"Gate"').replace('"layers/Dense": ["kcore-', '"layers/Gate": ["strange-')
    (tmp_path / "m.json").write_text(strange)
    error = refused(tmp_path / "m.json")
    assert error.install == (f"strange-layers=={kcore.__version__}",)  # type: ignore[attr-defined]
    with pytest.raises(MissingComponentsError, match=r"^The text names a component .*:\n  layer 'Gate' at model/net"):
        model_from_json(strange)
    assert isinstance(model_from_json(strange, {"Gate": Dense}).layers[0], Dense)


def test_the_training_s_names_are_kept_only_with_the_training(tmp_path: Path) -> None:
    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile(
        {"class_name": "SGD", "config": {"learning_rate": 0.5}},
        {"class_name": "Huber", "config": {"delta": 2.0}},
        metrics=["mae", kcore.metrics.AUC(), kcore.metrics.mean_squared_error],
    )
    model.save(tmp_path / "all.h5")
    training = {"optimizers/SGD", "losses/Huber", "metrics/mae", "metrics/AUC", "metrics/mean_squared_error"}
    assert {f"{family}/{name}" for family, name in needs_of(tmp_path / "all.h5").origins} >= training
    model.save(tmp_path / "bare.h5", include_optimizer=False)
    assert {family for family, _ in needs_of(tmp_path / "bare.h5").origins} == {"layers", "initializers", "activations"}


# --- strangers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origins",
    [
        None,
        7,
        "no JSON",
        "[" * 100_000,
        "null",
        json.dumps({f"layers/L{number}": ["a", "1"] for number in range(20_000)}),
        {"layers/Gate": ["--extra-index-url=http://evil.example", "1.0"]},
        {"layers/Gate": ["$(touch evil)", "1.0"]},
        {"layers/Gate": [["strange-layers"], {}]},
    ],
    ids=lambda said: str(said)[:20],
)
def test_hostile_origins_change_nothing_but_what_is_said(path: Path, origins: Any) -> None:
    edit(path, origins=origins)
    error = refused(path)
    assert names(error) == ["warp", "Gate", "Tiger"] and error.install == ()  # type: ignore[attr-defined]
    assert "evil" not in str(error)


def test_hostile_origins_stop_no_file_that_loads(path: Path) -> None:
    expected = load_model(path).predict(X, verbose=0)
    for origins in ("{", json.dumps({"layers/Dense": ["evil", "1"], "layers/Gone": ["evil", "1"]}), 3, b"\xff"):
        with h5py.File(path, "r+") as file:
            file.attrs["kcore_components"] = origins
        np.testing.assert_array_equal(load_model(path).predict(X, verbose=0), expected)


def test_components_that_only_the_origins_name_are_not_missing(path: Path) -> None:
    edit(path, origins=ORIGINS | {"layers/Unused": ["evil", "1"]})
    assert "Unused" not in str(refused(path)) and "evil" not in str(refused(path))


def test_control_characters_are_spelled_out(path: Path) -> None:
    bad = "Gate\x1b[2J\n\u202eevil"
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["name"] = "net\x1b]0;"
        config["config"]["layers"][1]["class_name"] = bad
        config["config"]["layers"][2]["class_name"] = "L" * 10_000
        file.attrs["model_config"] = json.dumps(config)
    error = refused(path)
    assert names(error) == [bad, "L" * 10_000]
    assert all(line.isprintable() and len(line) < 500 for line in str(error).splitlines())
    assert "layer 'Gate\\x1b[2J\\n\\u202eevil' at model/net\\x1b]0;.layers" in str(error)


def test_any_number_of_names_costs_and_says_little(tmp_path: Path) -> None:
    layers = [{"class_name": f"Gate{number}", "config": {}} for number in range(5000)]
    (tmp_path / "m.json").write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    error = refused(tmp_path / "m.json")
    assert len(error.components) == 100 and error.more is True  # type: ignore[attr-defined]
    text = str(error)
    assert text.count("\n") < 30 and " names 100 components that cannot be had here, and more:\n" in text
    assert "\n  (and 80 more)\n" in text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["Dense", "function", "__tuple__"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "layers", "name", "fn", "items", "activation", "registered_name"])
            | st.text(max_size=2),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON, JSON)
def test_reading_needs_of_anything_is_no_error(model: Any, training: Any) -> None:
    for need in needs_in(model, training, {("layers", "Dense"): kcore.registry.provenance.Origin("a", "1")}):
        assert need.family in kcore.registry.FAMILIES and isinstance(need.name, str)


def test_a_config_too_deep_for_reading_needs_names_what_failed(path: Path) -> None:
    edit(path)
    with h5py.File(path, "r+") as file:
        deep = '{"a": ' * 800 + "1" + "}" * 800
        file.attrs["training_config"] = file.attrs["training_config"].replace('"mean_squared_error"', deep)
    assert names(refused(path, compile=False)) == ["warp", "odd", "Gate"]
    assert names(refused(path)) == ["Gate"]
