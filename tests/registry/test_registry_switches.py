"""The switches: who may take part."""

from __future__ import annotations

from typing import Any

import pytest

from kcore.errors import DisabledComponentError, SwitchError
from kcore.registry import Registry, configure_plugins, refresh, registry


@pytest.fixture
def layers(installed: Any) -> Registry:
    module = "class A: ...\nclass Dense: ..."
    installed.install("kcore", {"layers": {"Model": "m0:A"}}, {"m0.py": module})
    installed.install("kcore-layers", {"layers": {"Dense": "m1:Dense"}}, {"m1.py": module})
    installed.install("Third.Party", {"layers": {"Dense": "m2:Dense", "A": "m2:A"}}, {"m2.py": module})
    refresh()
    return registry("layers")


def enabled(layers: Registry) -> set[str]:
    return {record.qualified for record in layers.records() if record.state != "disabled"}


ALL = {"kcore>Model", "kcore-layers>Dense", "Third.Party>Dense", "Third.Party>A"}
THIRD = {"kcore>Model", "Third.Party>Dense", "Third.Party>A"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("all", ALL),
        ("off", {"kcore>Model"}),
        ("OFF ", {"kcore>Model"}),
        ("none", {"kcore>Model"}),
        ("", {"kcore>Model"}),
        ("third_party", THIRD),
        (" kcore , Third-Party ", THIRD),
        ("kcore-layers,third.party", ALL),
        ("-kcore-layers", THIRD),
        ("-kcore_layers,-third-party", {"kcore>Model"}),
        ("kcore-layers,third-party,-third-party", {"kcore>Model", "kcore-layers>Dense"}),
        ("unheard-of", {"kcore>Model"}),
    ],
)
def test_the_switch_in_the_environment_and_in_code(
    layers: Registry, monkeypatch: pytest.MonkeyPatch, value: str, expected: set[str]
) -> None:
    assert enabled(layers) == ALL
    monkeypatch.setenv("KCORE_PLUGINS", value)
    assert enabled(layers) == expected
    monkeypatch.delenv("KCORE_PLUGINS")
    with configure_plugins(value):
        assert enabled(layers) == expected
    assert enabled(layers) == ALL


def test_asking_for_a_disabled_one_names_the_switch(layers: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_PLUGINS", "off")
    with pytest.raises(DisabledComponentError) as caught:
        layers.load("Dense")
    assert str(caught.value) == (
        "The layer 'Dense' of kcore-layers 1.0 is disabled: KCORE_PLUGINS='off' allows only kcore itself. "
        "Change that switch to use it."
    )
    monkeypatch.setenv("KCORE_PLUGINS", "-third-party")
    with pytest.raises(DisabledComponentError, match=r"KCORE_PLUGINS='-third-party' denies third-party"):
        layers.load("Third.Party>Dense")
    monkeypatch.setenv("KCORE_PLUGINS", "kcore-layers")
    with pytest.raises(DisabledComponentError, match=r"KCORE_PLUGINS='kcore-layers' does not list third-party"):
        layers.get("A")
    assert "A" not in layers and "A" not in layers.names() and layers.names() == ["Dense", "Model"]


def test_a_disabled_owner_leaves_its_name_to_others(layers: Registry) -> None:
    with configure_plugins(["third-party"]):
        assert layers.resolve("Dense").distribution == "Third.Party"
        states = {record.qualified: record.state for record in layers.records()}
        assert states["kcore-layers>Dense"] == "disabled"
    assert layers.resolve("Dense").distribution == "kcore-layers"


def test_what_was_loaded_before_is_disabled_too(layers: Registry) -> None:
    layers.load("Dense")
    with configure_plugins("off"), pytest.raises(DisabledComponentError):
        layers.load("Dense")


def test_code_wins_over_the_environment(layers: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_PLUGINS", "off")
    configure_plugins("all")
    assert enabled(layers) == ALL
    configure_plugins(None)
    assert enabled(layers) == {"kcore>Model"}


def test_the_block_restores_what_was_before_also_after_an_error(layers: Registry) -> None:
    configure_plugins("-third-party")
    with pytest.raises(ZeroDivisionError), configure_plugins("off"), configure_plugins("all"):
        raise ZeroDivisionError
    assert enabled(layers) == {"kcore>Model", "kcore-layers>Dense"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a,,b", "an empty part"),
        ("-", "an empty part"),
        ("off,kcore-layers", "'off' stands beside other parts"),
        ("-all", "'all' stands beside other parts"),
        ("-kcore", "kcore itself cannot be denied"),
    ],
)
def test_a_switch_that_cannot_be_understood(
    layers: Registry, monkeypatch: pytest.MonkeyPatch, value: str, problem: str
) -> None:
    with pytest.raises(SwitchError, match=problem):
        configure_plugins(value)
    assert enabled(layers) == ALL
    monkeypatch.setenv("KCORE_PLUGINS", value)
    with pytest.raises(SwitchError, match=problem) as caught:
        layers.load("Dense")
    assert f"KCORE_PLUGINS={value!r} cannot be understood" in str(caught.value)
