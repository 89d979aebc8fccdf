"""Hooks: who takes part, and what becomes of a hook module that is broken."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

from kcore.errors import KcorePluginWarning
from kcore.registry import (
    configure_plugins,
    hook_records,
    hookimpl,
    hooks,
    hookspecs,
    refresh,
    register_hooks,
    unregister_hooks,
)
from kcore.registry.hooks import _NoHooks

HEADER = """
from kcore.registry import hookimpl

@hookimpl
def kcore_report_header():
    return "from {name}"
"""


def install(site: Any, name: str, source: str | None = None, **entries: str) -> None:
    module = f"{name}_hooks"
    text = HEADER.format(name=name) if source is None else source
    site.install(name, {"plugins": entries or {name: module}}, {f"{module}.py": text})


def test_without_plugins_every_hook_answers_nothing_and_pluggy_stays_out(site: Any) -> None:
    seen = site.python(
        """
        import sys
        from kcore.registry import configure_plugins, hooks
        configure_plugins("off")
        h = hooks()
        print(h.kcore_cli_commands(group=1), h.kcore_data_source(x=1, y=2), h.kcore_default_callbacks(model=1))
        print(h.kcore_model_saved(model=1, path="p"), h.kcore_model_loaded(model=1, path="p"), h.kcore_report_header())
        print("pluggy" in sys.modules)
        """
    )
    assert seen.split() == ["[]", "None", "[]", "[]", "[]", "[]", "False"]


def test_the_empty_relay_has_every_hook_with_its_arguments() -> None:
    specs = {name: value for name, value in vars(hookspecs).items() if name.startswith("kcore_")}
    empty = {name: value for name, value in vars(_NoHooks).items() if name.startswith("kcore_")}
    assert {name: list(inspect.signature(spec).parameters) for name, spec in specs.items()} == {
        name: list(inspect.signature(method).parameters)[1:] for name, method in empty.items()
    }


@pytest.mark.parametrize("name", [name for name in vars(hookspecs) if name.startswith("kcore_")])
def test_each_hook_says_when_it_fires_and_who_may_implement_it(name: str) -> None:
    text = inspect.getdoc(getattr(hookspecs, name)) or ""
    assert "Fires " in text and "may implement it" in " ".join(text.split())


def test_hook_modules_are_imported_when_a_hook_is_first_called(installed: Any) -> None:
    loud = "from pathlib import Path\nPath(__file__).with_name('imported').touch()" + HEADER.format(name="loud")
    install(installed, "loud", loud)
    refresh()
    assert [(record.qualified, record.state) for record in hook_records()] == [("loud>loud", "available")]
    assert not (installed.folder / "imported").exists()
    assert hooks().kcore_report_header() == ["from loud"]
    assert (installed.folder / "imported").exists()


def test_an_object_in_a_module_may_be_named(installed: Any) -> None:
    source = """
from kcore.registry import hookimpl
class Plugin:
    @hookimpl
    def kcore_data_source(self, x):
        return ("source", x)
plugin = Plugin()
"""
    install(installed, "obj", source, obj="obj_hooks:plugin")
    refresh()
    assert hooks().kcore_data_source(x=1, y=2) == ("source", 1)


def test_the_first_data_source_is_taken_and_all_callbacks(installed: Any) -> None:
    refresh()

    class Plugin:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        @hookimpl
        def kcore_data_source(self, x: Any, y: Any) -> Any:
            return self.answer

        @hookimpl
        def kcore_default_callbacks(self) -> Any:
            return self.answer and [self.answer]

    plugins = [Plugin("first"), Plugin(None), Plugin("last")]
    for number, plugin in enumerate(plugins):
        register_hooks(plugin, name=f"plugin{number}")
    try:
        assert hooks().kcore_data_source(x=1, y=2) == "last", "pluggy calls the latest first"
        assert hooks().kcore_default_callbacks(model=None) == [["last"], ["first"]]
        assert [record.state for record in hook_records()] == ["local"] * 3
    finally:
        for plugin in plugins:
            unregister_hooks(plugin)
    assert hooks().kcore_data_source(x=1, y=2) is None and hook_records() == []


def test_the_switches_hold_for_hooks(installed: Any) -> None:
    install(installed, "one")
    install(installed, "two")
    refresh()
    assert sorted(hooks().kcore_report_header()) == ["from one", "from two"]
    with configure_plugins("-one"):
        assert hooks().kcore_report_header() == ["from two"]
        states = {record.distribution: (record.state, record.reason) for record in hook_records()}
        assert states == {
            "one": ("disabled", "configure_plugins='-one' denies one"),
            "two": ("available", None),
        }
    assert len(hooks().kcore_report_header()) == 2


BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "leaves": ("raise SystemExit('bye')", "SystemExit: bye"),
    "misspelt": (
        HEADER.format(name="x") + "\n@hookimpl\ndef kcore_model_save(model): ...",
        "there is no hook 'kcore_model_save'; did you mean 'kcore_model_saved'?",
    ),
    "arguments": (
        "from kcore.registry import hookimpl\n@hookimpl\ndef kcore_model_saved(model, nonsense): ...",
        "nonsense",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_hook_module_is_left_out_recorded_and_warned_about_once(installed: Any, kind: str) -> None:
    source, reason = BROKEN[kind]
    install(installed, f"bad{kind}", source)
    install(installed, "good")
    refresh()
    with pytest.warns(KcorePluginWarning) as caught:
        assert hooks().kcore_report_header() == ["from good"]
    (warning,) = caught
    assert warning.filename == __file__
    text = str(warning.message)
    assert reason in text
    assert text.startswith(f"The hooks 'bad{kind}_hooks' of bad{kind} 1.0 are left out: ")
    assert text.endswith(f"or switch it off with KCORE_PLUGINS=-bad{kind}.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hooks().kcore_report_header() == ["from good"]
        with configure_plugins("all"):
            hooks().kcore_report_header()
    (record,) = (record for record in hook_records() if record.state == "broken")
    assert record.distribution == f"bad{kind}" and reason in str(record.reason)


def test_where_warnings_are_errors_the_next_call_goes_on_without_the_broken_one(installed: Any) -> None:
    install(installed, "bad", "1 / 0")
    install(installed, "good")
    refresh()
    with pytest.raises(KcorePluginWarning):
        hooks()
    assert hooks().kcore_report_header() == ["from good"]


def test_a_repaired_hook_module_takes_part_after_a_refresh(installed: Any) -> None:
    install(installed, "mended", "1 / 0")
    refresh()
    with pytest.warns(KcorePluginWarning):
        hooks()
    (installed.folder / "mended_hooks.py").write_text(HEADER.format(name="mended"))
    refresh()
    assert hooks().kcore_report_header() == ["from mended"]


def test_a_local_plugin_that_is_wrong_is_warned_about_too(installed: Any) -> None:
    refresh()

    class Wrong:
        @hookimpl
        def kcore_nonsense(self) -> None: ...

    plugin = Wrong()
    register_hooks(plugin)
    try:
        with pytest.warns(KcorePluginWarning, match="there is no hook 'kcore_nonsense'"):
            hooks()
        assert [(record.qualified, record.state) for record in hook_records()] == [("local>Wrong", "broken")]
    finally:
        unregister_hooks(plugin)


def test_a_hook_that_is_marked_optional_may_be_unknown(installed: Any) -> None:
    refresh()

    class Ahead:
        @hookimpl(optionalhook=True)
        def kcore_of_tomorrow(self) -> None: ...

        @hookimpl
        def kcore_report_header(self) -> str:
            return "ahead"

    plugin = Ahead()
    register_hooks(plugin)
    try:
        assert hooks().kcore_report_header() == ["ahead"]
    finally:
        unregister_hooks(plugin)
