"""Registering without packaging."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from kcore.errors import NameTakenError, RegistrationError, UnknownComponentError
from kcore.registry import Registry, refresh, registry, serialize


@pytest.fixture
def layers(installed: Any) -> Registry:
    installed.install("one", {"layers": {"Taken": "one:Taken"}}, {"one.py": "class Taken: ..."})
    refresh()
    return registry("layers")


def cell(value: int, module: str = "__main__", name: str = "Mine") -> type[Any]:
    """What running a notebook cell again does: another class of the same name and place."""
    return type(name, (), {"__module__": module, "value": value, "get_config": lambda self: {}})


def test_a_decorator_and_a_call(layers: Registry) -> None:
    @layers.register
    class Plain: ...

    @layers.register(name="named")
    class Other: ...

    def function() -> None: ...

    assert layers.register(function) is function
    assert layers.load("Plain") is Plain and layers["local>named"] is Other and layers.get("function") is function
    record = layers.resolve("named")
    assert (record.state, record.distribution, record.version, record.qualified) == (
        "local", "local", "", "local>named",
    )  # fmt: skip
    assert record.entry_point == f"{__name__}:{Other.__qualname__}"
    assert [found.name for found in layers.records() if found.state == "local"] == ["Plain", "function", "named"]
    assert layers.names() == ["Plain", "Taken", "function", "named"]


def test_the_same_definition_again_replaces_silently(layers: Registry) -> None:
    old, new = cell(1), cell(2)
    layers.register(old)
    layers.register(new)
    assert layers.load("Mine").value == 2
    assert serialize(old(), "layers") == {"class_name": "Mine", "config": {}}


def test_another_definition_of_a_local_name_is_refused(layers: Registry) -> None:
    layers.register(cell(1))
    with pytest.raises(NameTakenError) as caught:
        layers.register(cell(2, module="elsewhere"))
    assert str(caught.value) == (
        "There is a layer named 'Mine' already, from this process (__main__:Mine). Register yours under another name, "
        "or with override=True to use it instead in this process."
    )
    layers.register(cell(3, module="elsewhere"), override=True)
    assert layers.load("Mine").value == 3


def test_an_installed_name_is_refused_unless_overridden(layers: Registry) -> None:
    mine = cell(1, name="Taken")
    with pytest.raises(NameTakenError, match=r"from one 1\.0\. .* override=True"):
        layers.register(mine)
    assert layers.load("Taken").__module__ == "one"
    layers.register(mine, override=True)
    layers.register(cell(2, name="Taken"))
    assert layers.load("Taken").value == 2
    shadowed = layers.resolve("one>Taken")
    assert shadowed.state == "shadowed"
    assert shadowed.reason == "the name 'Taken' was registered in this process; 'one>Taken' reaches this one"
    layers.unregister("Taken")
    assert layers.load("Taken").__module__ == "one"


def test_a_local_name_stays_when_a_distribution_comes_with_it(layers: Registry, installed: Any) -> None:
    layers.register(cell(1))
    installed.install("late", {"layers": {"Mine": "late:Mine"}}, {"late.py": "class Mine: ..."})
    refresh()
    assert layers.load("Mine").value == 1
    assert layers.load("late>Mine").__module__ == "late"


def test_a_clash_of_others_is_a_taken_name_too(layers: Registry, installed: Any) -> None:
    for name in ("two", "three"):
        installed.install(name, {"layers": {"Mine": f"{name}:Mine"}})
    refresh()
    with pytest.raises(NameTakenError, match=r"from three 1\.0 and two 1\.0"):
        layers.register(cell(1))


@pytest.mark.parametrize(
    ("value", "name", "problem"),
    [
        (3, "three", "it is no class and no function"),
        (ModuleType("module"), None, "it is no class and no function"),
        (lambda x: x, None, "it has no name of its own; give it one with name=..."),
        (len, "", "it has no name of its own; give it one with name=..."),
        (len, "a>b", "the name 'a>b' has a '>' or surrounding space"),
        (len, " a", "the name ' a' has a '>' or surrounding space"),
    ],
)
def test_what_cannot_be_registered(layers: Registry, value: Any, name: str | None, problem: str) -> None:
    before = layers.records()
    with pytest.raises(RegistrationError) as caught:
        layers.register(value, name=name)
    assert str(caught.value) == f"{value!r} cannot be registered as a layer: {problem}."
    assert layers.records() == before


def test_unregistering(layers: Registry) -> None:
    layers.register(cell(1))
    layers.unregister("local>Mine")
    assert "Mine" not in layers
    with pytest.raises(UnknownComponentError, match="No layer named 'local>Mine'"):
        layers.unregister("Mine")


def test_local_ones_survive_a_refresh_and_other_families_do_not_see_them(layers: Registry) -> None:
    layers.register(cell(1))
    refresh()
    assert "Mine" in layers and "Mine" not in registry("losses")
