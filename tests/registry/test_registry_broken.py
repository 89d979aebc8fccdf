"""A broken plugin breaks its own names, and says whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from kcore.errors import BrokenComponentError, UnknownComponentError
from kcore.registry import refresh, registry

CAUSES = {
    "import_error": ("import nothing_of_that_name", ModuleNotFoundError, "No module named 'nothing_of_that_name'"),
    "missing_attribute": ("other = 1", AttributeError, "has no attribute 'Thing'"),
    "syntax_error": ("class Thing(:", SyntaxError, "invalid syntax"),
    "any_exception": ("1 / 0", ZeroDivisionError, "division by zero"),
    "leaves": ("raise SystemExit(3)", SystemExit, "3"),
    "own_base": ("class Odd(BaseException): ...\nraise Odd('odd')", BaseException, "odd"),
}


@pytest.mark.parametrize("kind", CAUSES)
def test_each_way_to_be_broken(installed: Any, kind: str) -> None:
    source, cause, text = CAUSES[kind]
    module = f"broken_{kind}"
    installed.install("brittle", {"layers": {"Thing": f"{module}:Thing"}}, {f"{module}.py": source}, version="4.2")
    installed.install("sound", {"layers": {"Sound": "sound:Sound"}}, {"sound.py": "class Sound: ..."})
    refresh()
    layers = registry("layers")
    for name in ("Thing", "brittle>Thing", "Thing"):
        with pytest.raises(BrokenComponentError) as caught:
            layers.load(name)
        error = caught.value
        assert isinstance(error.__cause__, cause) and error.cause is error.__cause__  # type: ignore[attr-defined]
        for part in ("'Thing'", "brittle 4.2", f"'{module}:Thing'", text, type(error.__cause__).__name__, "refresh()"):
            assert part in str(error)
    (record,) = (record for record in layers.records() if record.name == "Thing")
    assert record.state == "broken" and text in str(record.reason)
    assert layers.names() == ["Sound"] and "Thing" not in layers
    assert layers.load("Sound").__name__ == "Sound"


def test_an_interrupt_is_no_defect(installed: Any) -> None:
    installed.install("slow", {"layers": {"Slow": "slow:Slow"}}, {"slow.py": "raise KeyboardInterrupt"})
    refresh()
    with pytest.raises(KeyboardInterrupt):
        registry("layers").load("Slow")
    assert registry("layers").names() == ["Slow"]


def test_repairing_and_refreshing_makes_it_whole(installed: Any) -> None:
    installed.install("brittle", {"layers": {"Thing": "mended:Thing"}}, {"mended.py": "1 / 0"})
    refresh()
    layers = registry("layers")
    with pytest.raises(BrokenComponentError):
        layers.load("Thing")
    (installed.folder / "mended.py").write_text("class Thing: ...")
    with pytest.raises(BrokenComponentError):
        layers.load("Thing")
    refresh()
    assert layers.load("Thing").__name__ == "Thing"


def test_a_broken_owner_keeps_its_name(installed: Any) -> None:
    installed.install("kcore-layers", {"layers": {"Dense": "owner:Dense"}}, {"owner.py": "1 / 0"})
    installed.install("third", {"layers": {"Dense": "third:Dense"}}, {"third.py": "class Dense: ..."})
    refresh()
    layers = registry("layers")
    for _ in range(2):
        with pytest.raises(BrokenComponentError, match="kcore-layers"):
            layers.load("Dense")
    assert layers.load("third>Dense").__module__ == "third"


@pytest.mark.parametrize("value", ["", "no colon", "module_alone", "a:b:c", "a-b:C", ":C", "a.:C", "1a:C"])
def test_an_entry_point_that_is_none(installed: Any, value: str) -> None:
    installed.install("wrong", f"[kcore.layers]\nWrong = {value}\n")
    refresh()
    layers = registry("layers")
    (record,) = layers.records()
    assert record.state == "broken"
    assert record.reason == f"the entry point {value!r} is not of the form 'module:attribute'"
    with pytest.raises(BrokenComponentError, match="is not of the form 'module:attribute'") as caught:
        layers.load("Wrong")
    assert caught.value.__cause__ is None


def test_extras_spaces_and_nested_attributes_are_part_of_the_form(installed: Any) -> None:
    installed.install(
        "fine",
        "[kcore.layers]\nA = fine.inner : Outer.Inner [extra]\n",
        {"fine/__init__.py": "", "fine/inner.py": "class Outer:\n    class Inner: ..."},
    )
    refresh()
    assert registry("layers").load("A").__qualname__ == "Outer.Inner"
    assert registry("layers").records(check=True)[0].state == "available"


def test_the_check_finds_modules_that_are_not_there(installed: Any) -> None:
    members = {
        "Top": "not_there:A",
        "Sub": "package_here.not_there:A",
        "Deep": "package_here.sub.not_there:A",
        "Plain": "module_here.sub:A",
        "Good": "package_here.sub.good:A",
        "Namespace": "namespace_here.good:A",
        "Known": "json.decoder:JSONDecoder",
    }
    bomb = "raise SystemExit('imported')"
    files = ["package_here/__init__", "package_here/sub/__init__", "package_here/sub/good", "module_here"]
    installed.install("check", {"layers": members}, {f"{file}.py": bomb for file in [*files, "namespace_here/good"]})
    refresh()
    layers = registry("layers")
    assert {record.state for record in layers.records()} == {"available"}
    found = {record.name: record.reason for record in layers.records(check=True) if record.state == "broken"}
    assert found == {
        "Top": "the module 'not_there' was not found",
        "Sub": "the module 'package_here.not_there' was not found",
        "Deep": "the module 'package_here.sub.not_there' was not found",
        "Plain": "the module 'module_here' is no package, so there is no 'module_here.sub'",
    }


def test_a_module_in_the_middle_of_its_import_is_not_remembered_as_broken(installed: Any) -> None:
    source = """
        from kcore.registry import registry
        from kcore.errors import BrokenComponentError
        try:
            registry("layers").load("Late")
        except BrokenComponentError as error:
            seen = error
        class Late: ...
    """
    installed.install("cyclic", {"layers": {"Late": "cyclic:Late"}}, {"cyclic.py": source})
    refresh()
    assert registry("layers").load("Late").__name__ == "Late"
    assert registry("layers").names() == ["Late"]


def test_the_owners_distribution_is_named_when_nobody_is_installed(installed: Any) -> None:
    refresh()
    with pytest.raises(UnknownComponentError) as caught:
        registry("optimizers").get("adam")
    assert str(caught.value) == (
        "No optimizer named 'adam' is installed. kcore-optimizers provides 'adam', but it is not installed: "
        "pip install kcore-optimizers"
    )
