"""The resolver: who gets which name, whatever the order of installation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from kcore.errors import AmbiguousComponentError, SwitchError, UnknownComponentError, UnknownFamilyError
from kcore.registry import FAMILIES, Registry, deserialize, prefer, refresh, registry, serialize
from kcore.registry.first_party import FIRST_PARTY, families_with, first_party_names, owner

MODULE = """
class Dense:
    def get_config(self):
        return {}
class Special(Dense): ...
"""


def install(site: Any, *names: str, member: str = "Dense") -> Registry:
    for name in names:
        module = name.replace("-", "_")
        site.install(name, {"layers": {member: f"{module}:{member}"}}, {f"{module}.py": MODULE})
    refresh()
    return registry("layers")


def states(layers: Registry) -> dict[str, str]:
    return {record.qualified: record.state for record in layers.records()}


def test_there_is_one_registry_for_each_family() -> None:
    assert registry("layers") is registry("layers")
    assert [registry(family).family for family in FAMILIES] == list(FAMILIES)
    assert repr(registry("layers")) == "registry('layers')"


def test_a_family_that_is_none(installed: Any) -> None:
    with pytest.raises(UnknownFamilyError) as caught:
        registry("layer")
    assert caught.value.near == ("layers",)  # type: ignore[attr-defined]
    for wrong in (None, 3, ["layers"]):
        with pytest.raises(UnknownFamilyError):
            registry(wrong)  # type: ignore[arg-type]


def test_bare_and_qualified_names_mean_the_same(installed: Any) -> None:
    layers = install(installed, "kcore-layers")
    record = layers.resolve("Dense")
    assert record == layers.resolve("kcore-layers>Dense") == layers.resolve("KCORE_Layers>Dense")
    assert (record.family, record.name, record.distribution, record.version) == (
        "layers", "Dense", "kcore-layers", "1.0",
    )  # fmt: skip
    assert (record.entry_point, record.state, record.reason) == ("kcore_layers:Dense", "available", None)
    assert record.qualified == "kcore-layers>Dense"
    assert layers["Dense"] is layers.load("kcore-layers>Dense")
    assert list(layers) == ["Dense"] and len(layers) == 1 and "Dense" in layers and "dense" not in layers


def test_a_name_is_a_string(installed: Any) -> None:
    with pytest.raises(TypeError, match="name of a layer is a string, not 3"):
        registry("layers").resolve(3)  # type: ignore[arg-type]
    assert 3 not in registry("layers")


@pytest.mark.parametrize("other", ["aaa-first", "zzz-last"])
def test_the_first_party_keeps_its_name(installed: Any, other: str) -> None:
    layers = install(installed, "kcore-layers", other)
    assert layers.resolve("Dense").distribution == "kcore-layers"
    assert states(layers) == {"kcore-layers>Dense": "available", f"{other}>Dense": "shadowed"}
    shadowed = layers.resolve(f"{other}>Dense")
    assert shadowed.reason == (f"the name 'Dense' belongs to kcore-layers 1.0; '{other}>Dense' reaches this one")
    assert layers.load(f"{other}>Dense").__module__ == other.replace("-", "_")
    assert layers.load("Dense").__module__ == "kcore_layers"


def test_a_first_party_name_is_free_while_its_owner_is_not_installed(installed: Any) -> None:
    layers = install(installed, "third")
    assert layers.resolve("Dense").distribution == "third"
    assert states(layers) == {"third>Dense": "available"}


def test_two_third_parties_clash(installed: Any) -> None:
    layers = install(installed, "one", "two", member="Special")
    with pytest.raises(AmbiguousComponentError) as caught:
        layers.resolve("Special")
    for text in ("one 1.0", "two 1.0", "'one>Special'", "'two>Special'"):
        assert text in str(caught.value)
    assert states(layers) == {"one>Special": "shadowed", "two>Special": "shadowed"}
    assert layers.resolve("one>Special").reason == "two claims the name, too; 'one>Special' reaches this one"
    assert layers.names() == [] and "Special" not in layers and "two>Special" in layers
    assert layers.load("two>Special").__module__ == "two"


def test_a_preference_in_code_settles_a_clash(installed: Any) -> None:
    layers = install(installed, "one", "two", member="Special")
    prefer("layers", "Special", "Two")
    assert layers.load("Special").__module__ == "two"
    assert states(layers) == {"one>Special": "shadowed", "two>Special": "available"}
    assert "prefer('layers', 'Special', 'Two') prefers two" in str(layers.resolve("one>Special").reason)
    prefer("layers", "Special", None)
    with pytest.raises(AmbiguousComponentError):
        layers.load("Special")
    with pytest.raises(UnknownFamilyError):
        prefer("layer", "Special", "two")


def test_a_preference_in_the_environment_settles_a_clash(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = install(installed, "one", "two", member="Special")
    monkeypatch.setenv("KCORE_PREFER", " losses/x=y , layers/Special=one,")
    assert layers.resolve("Special").distribution == "one"
    prefer("layers", "Special", "two")
    assert layers.resolve("Special").distribution == "two"
    prefer("layers", "Special", None)
    monkeypatch.setenv("KCORE_PREFER", "")
    with pytest.raises(AmbiguousComponentError):
        layers.resolve("Special")


def test_a_preference_wins_over_the_owner(installed: Any) -> None:
    layers = install(installed, "kcore-layers", "third")
    prefer("layers", "Dense", "third")
    assert layers.resolve("Dense").distribution == "third"
    assert states(layers) == {"kcore-layers>Dense": "shadowed", "third>Dense": "available"}


def test_a_preference_for_who_has_it_not_is_no_silent_second_choice(
    installed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = install(installed, "kcore-layers")
    monkeypatch.setenv("KCORE_PREFER", "layers/Dense=missing")
    with pytest.raises(UnknownComponentError) as caught:
        layers.resolve("Dense")
    assert "It was asked for because of KCORE_PREFER='layers/Dense=missing'." in str(caught.value)
    assert "'missing'" in str(caught.value) and "'kcore-layers>Dense'" in str(caught.value)
    assert layers.load("kcore-layers>Dense").__name__ == "Dense"
    assert layers.names() == []


@pytest.mark.parametrize("value", ["Dense=x", "layers/Dense", "layers/=x", "layers/Dense=", "layer/Dense=x", "x"])
def test_a_preference_that_cannot_be_understood(installed: Any, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    layers = install(installed, "kcore-layers")
    monkeypatch.setenv("KCORE_PREFER", value)
    with pytest.raises(SwitchError, match="family/name=distribution") as caught:
        layers.resolve("Dense")
    assert value in str(caught.value)


def test_one_distribution_that_names_it_twice(installed: Any) -> None:
    text = "[kcore.layers]\nDense = one:Dense\nDense = one:Special\nDense = one:Dense\n"
    installed.install("one", text, {"one.py": MODULE})
    refresh()
    layers = registry("layers")
    assert layers.load("Dense").__name__ == "Dense"
    assert [(record.entry_point, record.state) for record in layers.records()] == [
        ("one:Dense", "available"), ("one:Special", "shadowed"),
    ]  # fmt: skip
    assert layers.records()[1].reason == "one names it twice, and first as 'one:Dense'"


def test_aliases_are_names_of_their_own_for_one_object(installed: Any) -> None:
    installed.install("one", {"layers": {"Dense": "one:Dense", "Full": "one:Dense"}}, {"one.py": MODULE})
    refresh()
    layers = registry("layers")
    assert layers["Full"] is layers["Dense"]
    assert serialize(layers.get("Full")) == {"class_name": "Dense", "config": {}}


def test_a_shadowed_component_is_written_under_its_qualified_name(installed: Any) -> None:
    layers = install(installed, "kcore-layers", "third")
    written = serialize(layers.get("third>Dense"), "layers")
    assert written == {"class_name": "third>Dense", "config": {}}
    assert type(deserialize(written, "layers")) is layers["third>Dense"]
    assert serialize(layers.get("Dense"))["class_name"] == "Dense"


def test_the_table_names_each_bare_name_once() -> None:
    for family in FAMILIES:
        names = first_party_names(family)
        assert len(names) == len(set(names)) > 0
        assert all(owner(family, name) in FIRST_PARTY[family] for name in names)
    assert set(FIRST_PARTY) == set(FAMILIES)
    assert owner("layers", "Dense") == "kcore-layers" and owner("layers", "dense") is None
    assert families_with("mse") == ["losses", "metrics"]


def test_the_table_is_what_the_first_party_distributions_declare() -> None:
    root = Path(__file__).parents[2]
    declared: dict[str, dict[str, set[str]]] = {}
    for file in [root / "pyproject.toml", *root.glob("plugins/*/pyproject.toml")]:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        for group, members in project.get("entry-points", {}).items():
            if group == "kcore.api" or not group.startswith("kcore."):
                continue
            declared.setdefault(group.removeprefix("kcore."), {})[project["name"]] = set(members)
    listed = {family: {who: set(names) for who, names in owners.items()} for family, owners in FIRST_PARTY.items()}
    assert listed == declared
