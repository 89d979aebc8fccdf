"""The one door between components and plain data."""

from __future__ import annotations

import functools
import json
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.components.layer import Layer
from kcore.errors import ConfigError, KcoreError, UnknownComponentError, UnknownFamilyError
from kcore.registry import Registry, custom_object_scope, deserialize, refresh, registry, serialize

MODULE = """
class Base:
    def __init__(self, *, shared=0): self.shared = shared
    def get_config(self): return {"units": self.units, "shared": self.shared}
    @classmethod
    def from_config(cls, config): return cls(**config)

class Dense(Base):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activation = units, activation

class Careless(Base):
    def __init__(self, units=1): raise TypeError("from within")

class Plain:
    def __init__(self): ...

class Graph(Base):
    def __init__(self, inputs): ...
    @classmethod
    def from_config(cls, config):
        return cls.build(*config["layers"])
    @staticmethod
    def build(first): ...

class Stack(Base):
    def __init__(self, layers): self.layers = layers
    @classmethod
    def from_config(cls, config):
        from kcore.registry import deserialize
        return cls([deserialize(entry, "layers") for entry in config])

def relu(x): return x
def line(x, slope, start=0): return slope * x + start
"""


@pytest.fixture
def layers(installed: Any) -> Registry:
    names = {name: f"my_layers.core:{name}" for name in ("Dense", "Careless", "Plain", "Stack", "Graph")}
    installed.install(
        "my-layers",
        {
            "layers": {**names, "Reexported": "my_layers:Reexported"},
            "activations": {
                "relu": "my_layers.core:relu",
                "rectify": "my_layers.core:relu",
                "line": "my_layers.core:line",
            },
            "losses": {"relu": "my_layers.core:relu"},
        },
        {
            "my_layers/__init__.py": "from my_layers.hidden import Reexported",
            "my_layers/core.py": MODULE,
            "my_layers/hidden.py": "class Reexported:\n    def get_config(self): return {}",
        },
    )
    refresh()
    return registry("layers")


def test_a_component_there_and_back(layers: Registry) -> None:
    made = layers.get("Dense", units=3)
    config = {"class_name": "Dense", "config": {"units": 3, "shared": 0}}
    assert serialize(made) == layers.serialize(made) == serialize(made, "layers") == config
    again = deserialize(json.loads(json.dumps(config)), "layers")
    assert type(again) is layers["Dense"] and again.units == 3
    assert layers.deserialize(config).units == layers.get(config).units == 3
    assert config == {"class_name": "Dense", "config": {"units": 3, "shared": 0}}, "a reading leaves it as it was"


def test_functions_are_their_names(layers: Registry) -> None:
    activations = registry("activations")
    relu = activations.get("relu")
    assert serialize(relu) == serialize(relu, "activations") == "relu"
    assert deserialize("relu", "activations") is activations.get("rectify") is relu
    assert deserialize({"class_name": "relu", "config": "relu"}, "activations") is relu
    assert deserialize({"class_name": "relu"}, "activations") is relu


def test_nothing_is_nothing(layers: Registry) -> None:
    assert serialize(None) is None and deserialize(None, "layers") is None and layers.get(None) is None
    with pytest.raises(UnknownFamilyError):
        deserialize(None, "layer")
    with pytest.raises(UnknownFamilyError):
        serialize(len, "layer")


def test_get_returns_anything_else_as_it_is(layers: Registry) -> None:
    made = layers.get("Dense", units=3)
    for thing in (made, len, layers["Dense"], 3):
        assert layers.get(thing) is thing


def test_a_name_alone_gives_an_instance(layers: Registry) -> None:
    assert type(deserialize("Plain", "layers")) is layers["Plain"]
    assert type(deserialize({"class_name": "my-layers>Plain"}, "layers")) is layers["Plain"]


def test_a_class_that_its_package_hands_on_is_found(layers: Registry) -> None:
    assert serialize(layers.get("Reexported")) == {"class_name": "Reexported", "config": {}}


def test_keras_3_layout_is_read_by_its_names_alone(layers: Registry) -> None:
    before = set(sys.modules)
    made = deserialize(
        {
            "module": "antigravity",
            "class_name": "Dense",
            "config": {"units": 2},
            "registered_name": None,
            "build_config": {"input_shape": [None, 4]},
        },
        "layers",
    )
    assert made.units == 2 and "antigravity" not in sys.modules
    function = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert deserialize(function, "activations") is registry("activations")["relu"]
    assert {name for name in set(sys.modules) - before if not name.startswith("my_layers")} <= {"kcore"}


def test_keras_3_registered_names_are_not_mistaken_for_built_in_ones(layers: Registry) -> None:
    config = {"module": None, "class_name": "Dense", "config": {"units": 1}, "registered_name": "TheirPackage>Dense"}
    with pytest.raises(UnknownComponentError, match=r"'TheirPackage>Dense'.*'my-layers>Dense'"):
        deserialize(config, "layers")

    class Theirs:
        def __init__(self, units: int) -> None: ...

    assert type(deserialize(config, "layers", {"Dense": Theirs})) is Theirs
    assert type(deserialize(config, "layers", {"TheirPackage>Dense": Theirs})) is Theirs
    assert type(deserialize({**config, "registered_name": "my-layers>Dense"}, "layers")) is layers["Dense"]


def test_custom_objects_win_while_their_scope_lasts(layers: Registry) -> None:
    class Mine:
        def __init__(self, units: int = 0) -> None:
            self.units = units

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units}

    config = {"class_name": "Dense", "config": {"units": 5}}
    with custom_object_scope({"Dense": Mine, "alias": Mine}, {"gelu": len}, None):
        assert type(deserialize(config, "layers")) is Mine
        assert type(layers.get("Dense", units=1)) is Mine
        assert layers.load("Dense") is not Mine, "the registry itself says what is installed"
        assert serialize(Mine(1)) == {"class_name": "Dense", "config": {"units": 1}}
        assert registry("activations").get("gelu") is len and serialize(len) == "gelu"
        assert type(deserialize({"class_name": "my-layers>Dense", "config": {"units": 5}}, "layers")) is not Mine
        with custom_object_scope({"Dense": layers["Plain"]}):
            assert type(deserialize("Dense", "layers")) is layers["Plain"]
        assert type(deserialize(config, "layers")) is Mine
    assert type(deserialize(config, "layers")) is layers["Dense"]
    assert type(deserialize(config, "layers", custom_objects={"Dense": Mine})) is Mine
    stack = [config, {"class_name": "Stack", "config": [config]}]
    nested = deserialize({"class_name": "Stack", "config": stack}, "layers", custom_objects={"Dense": Mine})
    assert type(nested.layers[0]) is Mine and type(nested.layers[1].layers[0]) is Mine


def test_a_scope_ends_with_an_error_too_and_can_be_entered_again(layers: Registry) -> None:
    scope = custom_object_scope({"Own": layers["Plain"]})
    with pytest.raises(ZeroDivisionError), scope, scope:
        raise ZeroDivisionError
    with pytest.raises(UnknownComponentError):
        deserialize("Own", "layers")
    with scope:
        deserialize("Own", "layers")


def test_a_scope_belongs_to_its_thread(layers: Registry) -> None:
    seen: list[bool] = []

    def look() -> None:
        try:
            deserialize("Own", "layers")
        except UnknownComponentError:
            seen.append(True)

    with custom_object_scope({"Own": layers["Plain"]}):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        deserialize("Own", "layers")
    assert seen == [True]


@pytest.mark.parametrize("objects", [3, [("a", len)], {"a": 3}, {1: len}, {"a": None}])
def test_custom_objects_are_classes_and_functions_by_name(objects: Any) -> None:
    with pytest.raises(ConfigError, match="custom object"):
        custom_object_scope(objects)


def test_unregistered_components_are_written_under_their_own_name(layers: Registry) -> None:
    class Unheard(Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    class Dense(Unheard): ...

    assert serialize(Unheard(name="u"))["class_name"] == "Unheard"
    written = serialize(Dense(name="d"))
    assert written["class_name"] == "local>Dense", "'Dense' would be read as another"
    assert type(deserialize(written, "layers", {"Dense": Dense})) is Dense
    with pytest.raises(UnknownComponentError):
        deserialize(written, "layers")
    assert serialize(test_nothing_is_nothing) == "test_nothing_is_nothing"
    assert serialize(np.tanh) == "tanh"


def test_the_family_is_known_from_the_contract(layers: Registry) -> None:
    class Both(Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    registry("losses").register(Both, name="both_loss")
    registry("layers").register(Both, name="both_layer")
    assert serialize(Both())["class_name"] == "both_layer"
    assert serialize(Both(), "losses")["class_name"] == "both_loss"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (lambda x: x, "which has no name that it could be found by"),
        (functools.partial(len), "which has no name that it could be found by"),
        (int, "is asked of the class int, not of an instance"),
        (3, "is asked of 3, which is no component"),
        ("relu", "is asked of 'relu', which is no component"),
    ],
)
def test_what_has_no_config(value: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        serialize(value)
    assert problem in str(caught.value)
    assert str(caught.value).endswith("Expected: an object with get_config(), or a named function.")


def test_unknown_arguments_are_named(layers: Registry) -> None:
    config = {"class_name": "Dense", "config": {"units": 1, "unit": 2, "shared": 3, "size": 4}}
    for attempt in (
        lambda: deserialize(config, "layers"),
        lambda: layers.get("Dense", units=1, unit=2, shared=3, size=4),
    ):
        with pytest.raises(ConfigError) as caught:
            attempt()
        assert str(caught.value) == (
            "The config of 'Dense' of my-layers has the arguments 'unit', 'size', which it does not take. "
            "Expected: arguments among units, activation, shared."
        )
        assert isinstance(caught.value.__cause__, TypeError)
        assert caught.value.unknown == ("unit", "size")  # type: ignore[attr-defined]
        assert caught.value.accepted == ("units", "activation", "shared")  # type: ignore[attr-defined]


def test_missing_arguments_are_named(layers: Registry) -> None:
    with pytest.raises(ConfigError, match=r"'Dense' of my-layers lacks the argument 'units'\."):
        layers.get("Dense")
    with pytest.raises(ConfigError, match=r"has the argument 'x', which it does not take\. Expected: no arguments\."):
        layers.get("Plain", x=1)


def test_a_type_error_of_the_components_own_is_left_alone(layers: Registry) -> None:
    with pytest.raises(TypeError, match="from within") as caught:
        layers.get("Careless", units=1)
    assert not isinstance(caught.value, KcoreError)
    # A config that is no list of constructor arguments is not blamed for what fails while it is read.
    with pytest.raises(TypeError, match=r"after \* must be an iterable"):
        layers.get({"class_name": "Graph", "config": {"layers": 3}})


def test_functions_take_no_arguments(layers: Registry) -> None:
    losses = registry("losses")
    with pytest.raises(ConfigError, match="'relu' of my-layers has the argument 'alpha', but it is a function"):
        losses.get("relu", alpha=1)
    with pytest.raises(ConfigError, match="'relu' of my-layers has a config, but it is a function"):
        losses.get({"class_name": "relu", "config": {"alpha": 1}})


def test_activations_take_arguments(layers: Registry) -> None:
    activations = registry("activations")
    config = {"class_name": "line", "config": {"slope": 2, "start": 1}}
    line = activations.get(config)
    assert (line(3), line.__name__, line.get_config()) == (7, "line", {"slope": 2, "start": 1})
    assert repr(line) == "<line with slope=2, start=1>"
    assert serialize(line) == serialize(line, "activations") == config
    again = deserialize(json.loads(json.dumps(config)), "activations")
    assert again == line == activations.get("line", slope=2, start=1) and hash(again) == hash(line)
    assert line != activations.get("line", slope=2) and line != activations["line"]
    assert activations.get(line) is line
    assert activations.get({"class_name": "line", "config": {}}) is activations.get("line") is activations["line"]
    with custom_object_scope({"mine": activations["line"]}):
        assert activations.get({"class_name": "mine", "config": {"slope": 3}})(2) == 6


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        (
            "line",
            {"steep": 1},
            "has the argument 'steep', which it does not take. Expected: arguments among slope, start.",
        ),
        (
            "line",
            {"x": 1, "slope": 2},
            "has the argument 'x', which it does not take. Expected: arguments among slope, start.",
        ),
        ("line", {"start": 1}, "lacks the argument 'slope'. Expected: arguments among slope, start."),
        ("relu", {"alpha": 1}, "has the argument 'alpha', which it does not take. Expected: no arguments."),
    ],
)
def test_arguments_that_an_activation_does_not_take(
    layers: Registry, name: str, arguments: dict[str, Any], text: str
) -> None:
    activations = registry("activations")
    for get in (
        lambda: activations.get(name, **arguments),
        lambda: activations.get({"class_name": name, "config": arguments}),
    ):
        with pytest.raises(ConfigError) as caught:
            get()
        assert str(caught.value) == f"The config of {name!r} of my-layers {text}"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "has no class_name"),
        ({"config": {}}, "has no class_name"),
        ({"class_name": None}, "has the class_name None"),
        ({"class_name": ""}, "has the class_name ''"),
        ({"class_name": 3, "config": {}}, "has the class_name 3"),
        ({"class_name": ["Dense"], "config": {}}, "has the class_name ['Dense']"),
        ({"class_name": {"class_name": "Dense"}, "config": {}}, "has the class_name {'class_name': 'Dense'}"),
        ({"class_name": "Dense", "config": 3}, "has a 'config' that is a int"),
        ({"class_name": "Dense", "config": "units"}, "is a str"),
        ({"class_name": "Dense", "config": [1]}, "is a list, not a dictionary"),
        ({"class_name": "Plain", "config": [1]}, "is a list"),
        ({"class_name": "Plain", "config": {1: 2}}, "has a key that is no string"),
        ([], "of a layer is a list"),
        (3, "of a layer is a int"),
        (b"Dense", "of a layer is a bytes"),
    ],
)
def test_malformed_configs(layers: Registry, config: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        deserialize(config, "layers")
    assert problem in str(caught.value) and "Expected: " in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "os:system",
        "builtins.eval",
        "my_layers.core:Dense",
        "my_layers.core.Dense",
        "my-layers>my_layers.core:Dense",
        "__import__",
        "kcore>__init__",
        "../Dense",
        "Dense\x00",
        "lambda: 0",
    ],
)
def test_a_config_cannot_reach_what_is_not_registered(layers: Registry, name: str) -> None:
    before = set(sys.modules)
    for config in (
        name,
        {"class_name": name, "config": {}},
        {"class_name": "Dense", "registered_name": f"p>{name}", "module": name, "config": {}},
    ):
        with pytest.raises(UnknownComponentError):
            deserialize(config, "layers")
    assert not {found for found in set(sys.modules) - before if not found.startswith(("kcore", "difflib"))}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["class_name", "config"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_nothing_or_an_error_of_ours(config: Any) -> None:
    try:
        found = deserialize(config, "datasets")
    except KcoreError:
        return
    assert config is None and found is None
