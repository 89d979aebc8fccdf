"""The texts of the registry room's errors, and that they carry their data."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from kcore import errors
from kcore.errors import KcoreError

COMPONENT = {"family": "losses", "noun": "loss", "name": "mse"}
ORIGIN = {**COMPONENT, "distribution": "some-losses", "version": "2.1"}

CASES: list[tuple[type[KcoreError], type[Exception], dict[str, Any], str]] = [
    (
        errors.UnknownFamilyError,
        LookupError,
        {"family": "loss", "families": ["layers", "losses"], "near": ["losses"]},
        "There is no family of components named 'loss'. Did you mean 'losses'? The families are layers, losses.",
    ),
    (
        errors.UnknownFamilyError,
        LookupError,
        {"family": 3, "families": ["layers", "losses"]},
        "There is no family of components named 3. The families are layers, losses.",
    ),
    (
        errors.UnknownComponentError,
        LookupError,
        {**COMPONENT, "installed": ["b", "a"]},
        "No loss named 'mse' is installed. Installed losses: a, b.",
    ),
    (
        errors.AmbiguousComponentError,
        LookupError,
        {**COMPONENT, "claims": {"one": "1.0", "two": "2.0"}},
        "The loss name 'mse' is claimed by one 1.0 and two 2.0. Say which you mean, 'one>mse' or 'two>mse', or settle "
        "it with kcore.registry.prefer('losses', 'mse', 'one') or KCORE_PREFER=losses/mse=one.",
    ),
    (
        errors.BrokenComponentError,
        RuntimeError,
        {**ORIGIN, "entry_point": "some_losses:mse", "cause": ImportError("no such library")},
        "The loss 'mse' of some-losses 2.1 cannot be loaded from its entry point 'some_losses:mse': ImportError: no "
        "such library. Other components are not affected. Repair, upgrade or remove some-losses; in a running process, "
        "call kcore.registry.refresh() afterwards.",
    ),
    (
        errors.DisabledComponentError,
        LookupError,
        {**ORIGIN, "reason": "KCORE_PLUGINS='off' allows only kcore itself"},
        "The loss 'mse' of some-losses 2.1 is disabled: KCORE_PLUGINS='off' allows only kcore itself. Change that "
        "switch to use it.",
    ),
    (
        errors.IncompatibleComponentError,
        LookupError,
        {
            **ORIGIN,
            "declared": "2",
            "reason": "it was made for plugin API 2, and this kcore has 1",
            "api_version": 1,
            "core_version": "0.1.0",
        },
        "The loss 'mse' of some-losses 2.1 cannot be used with kcore 0.1.0, whose plugin API is 1: it was made for plugin "
        "API 2, and this kcore has 1. Install another version of some-losses (pip install --upgrade some-losses) or of "
        "kcore. Other components are not affected.",
    ),
    (
        errors.NameTakenError,
        ValueError,
        {**COMPONENT, "holder": "some-losses 2.1"},
        "There is a loss named 'mse' already, from some-losses 2.1. Register yours under another name, or with "
        "override=True to use it instead in this process.",
    ),
    (
        errors.RegistrationError,
        TypeError,
        {"family": "losses", "noun": "loss", "value": 3, "problem": "it is no class and no function"},
        "3 cannot be registered as a loss: it is no class and no function.",
    ),
    (
        errors.SwitchError,
        ValueError,
        {"switch": "KCORE_PLUGINS", "value": "a,,b", "problem": "it has an empty part", "allowed": "'off'"},
        "KCORE_PLUGINS='a,,b' cannot be understood: it has an empty part. Allowed: 'off'.",
    ),
    (
        errors.SwitchFileError,
        ValueError,
        {"path": "config.toml", "problem": "it is no TOML"},
        "The switches in config.toml cannot be used: it is no TOML. Repair or remove the file, or set KCORE_CONFIG to "
        "another one, or to 'off' to do without.",
    ),
    (
        errors.ConfigError,
        ValueError,
        {"problem": "has no class_name", "expected": "a name"},
        "The config has no class_name. Expected: a name.",
    ),
    (
        errors.ConfigError,
        ValueError,
        {"problem": "is a list", "expected": "a dictionary", "component": "Mine"},
        "The config of 'Mine' is a list. Expected: a dictionary.",
    ),
]


@pytest.mark.parametrize(("kind", "builtin", "data", "text"), CASES)
def test_text_data_and_kind(kind: type[KcoreError], builtin: type[Exception], data: dict[str, Any], text: str) -> None:
    error = kind(**data)
    assert str(error) == text
    assert isinstance(error, builtin) and isinstance(error, KcoreError)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind and str(copy) == text
    for name, value in data.items():
        kept = getattr(error, name)
        assert list(kept) == list(value) if isinstance(kept, tuple) else kept == value


def test_every_error_of_the_room_has_its_text_tested_here_or_where_it_is_raised() -> None:
    from kcore.errors import registry as room

    own = {value for value in vars(room).values() if isinstance(value, type) and value.__module__ == room.__name__}
    assert {kind for kind, *_ in CASES} == own - {errors.KcorePluginWarning}
    assert all(getattr(errors, kind.__name__) is kind for kind in own)


def test_the_warning_carries_its_data() -> None:
    warning = errors.KcorePluginWarning(distribution="d", version="1", entry_point="m", reason="r")
    assert str(warning) == (
        "The hooks 'm' of d 1 are left out: r. Repair, upgrade or remove d, or switch it off with KCORE_PLUGINS=-d."
    )
    assert (warning.distribution, warning.reason) == ("d", "r")  # type: ignore[attr-defined]
