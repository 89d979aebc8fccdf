"""Hooks: other code that takes part in what kcore does, called through pluggy.

Hook modules come from the entry-point group ``kcore.plugins`` and from `register_hooks`. They are imported when a hook
is first called. A module that fails is left out as a whole, recorded, and warned about once.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kcore.errors.registry import KcorePluginWarning
from kcore.registry.api import incompatible
from kcore.registry.catalogue import catalogue
from kcore.registry.families import HOOK_GROUP, LOCAL
from kcore.registry.loading import load_object
from kcore.registry.records import Record
from kcore.registry.switches import switches

if TYPE_CHECKING:
    from pluggy import PluginManager


class _NoHooks:
    """What `hooks` returns while nobody implements any: every hook has no results, and pluggy is not imported."""

    def kcore_cli_commands(self, *, group: Any) -> list[Any]:
        return []

    def kcore_data_source(self, *, x: Any, y: Any) -> None:
        return None

    def kcore_default_callbacks(self, *, model: Any) -> list[Any]:
        return []

    def kcore_model_saved(self, *, model: Any, path: str) -> list[Any]:
        return []

    def kcore_model_loaded(self, *, model: Any, path: str) -> list[Any]:
        return []

    def kcore_report_header(self) -> list[Any]:
        return []


class _Hooks:
    """The hook modules of this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._local: dict[str, Any] = {}
        self._failures: dict[tuple[str, str], str] = {}
        self._changes = 0
        self._relay: tuple[object, Any] | None = None

    def relay(self) -> Any:
        # The key is read before what it stands for: a change in between makes the relay new, not wrongly old.
        key = catalogue.generation, switches.key(), self._changes
        relay = self._relay
        if relay is None or relay[0] != key:
            with self._lock:
                relay = self._relay
                if relay is None or relay[0] != key:
                    left_out: list[KcorePluginWarning] = []
                    found = self._assemble(left_out) if self._entries() or self._local else _NoHooks()
                    relay = self._relay = key, found
                    for warning in left_out:
                        warnings.warn(warning, stacklevel=3)
        return relay[1]

    def records(self) -> list[Record]:
        records = []
        for entry in catalogue.entries(HOOK_GROUP):
            record = Record("plugins", entry.name, entry.distribution, entry.version, entry.value)
            refusal = switches.policy().refusal(entry.distribution)
            misfit = incompatible(entry.distribution)
            failure = self._failures.get((entry.distribution, entry.name))
            if refusal is not None:
                record = replace(record, state="disabled", reason=refusal)
            elif misfit is not None:
                record = replace(record, state="incompatible", reason=misfit)
            elif failure is not None:
                record = replace(record, state="broken", reason=failure)
            records.append(record)
        for name, value in self._local.items():
            place = getattr(value, "__name__", None) or type(value).__name__
            record = Record("plugins", name, LOCAL, "", place, "local")
            failure = self._failures.get((LOCAL, name))
            records.append(record if failure is None else replace(record, state="broken", reason=failure))
        return sorted(records, key=lambda record: (record.name, record.distribution))

    def register(self, plugin: Any, name: str | None) -> None:
        chosen = name or getattr(plugin, "__name__", None) or type(plugin).__name__
        with self._lock:
            self._local[chosen] = plugin
            self._failures.pop((LOCAL, chosen), None)
            self._changes += 1

    def unregister(self, plugin: Any) -> None:
        with self._lock:
            self._local = {name: value for name, value in self._local.items() if value is not plugin}
            self._changes += 1

    def forget_failures(self) -> None:
        with self._lock:
            self._failures.clear()
            self._changes += 1

    def _entries(self) -> list[Any]:
        policy = switches.policy()
        return [entry for entry in catalogue.entries(HOOK_GROUP) if policy.refusal(entry.distribution) is None]

    def _assemble(self, left_out: list[KcorePluginWarning]) -> Any:
        from pluggy import PluginManager

        from kcore.registry import hookspecs

        manager = PluginManager("kcore")
        manager.add_hookspecs(hookspecs)
        for entry in self._entries():
            key = entry.distribution, entry.name
            record = Record("plugins", entry.name, entry.distribution, entry.version, entry.value)
            misfit = incompatible(entry.distribution)
            if key not in self._failures and misfit is not None:
                left_out.append(self._failed(record, misfit))
            elif key not in self._failures:
                try:
                    plugin = load_object(entry.value)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # A plugin that calls sys.exit() when imported is broken, too.
                    left_out.append(self._failed(record, f"{type(error).__name__}: {error}"))
                else:
                    left_out += self._add(manager, plugin, record)
        for name, plugin in self._local.items():
            if (LOCAL, name) not in self._failures:
                left_out += self._add(manager, plugin, Record("plugins", name, LOCAL, "", name, "local"))
        return manager.hook

    def _add(self, manager: PluginManager, plugin: Any, record: Record) -> list[KcorePluginWarning]:
        """Add all of a plugin's hooks, or, if one is wrong, none; returns what there is to warn about."""
        if manager.is_registered(plugin):
            return []
        try:
            manager.register(plugin, name=record.qualified)
            unknown = [
                caller.name
                for caller in manager.get_hookcallers(plugin) or ()
                if not caller.has_spec()
                and not all(found.optionalhook for found in caller.get_hookimpls() if found.plugin is plugin)
            ]
        except Exception as error:
            problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
        else:
            if not unknown:
                return []
            problem = f"there is no hook {' or '.join(map(repr, unknown))}{_near_hooks(unknown)}"
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        return [self._failed(record, problem)]

    def _failed(self, record: Record, reason: str) -> KcorePluginWarning:
        self._failures[record.distribution, record.name] = reason
        return KcorePluginWarning(
            distribution=record.distribution, version=record.version, entry_point=record.entry_point, reason=reason
        )


def _near_hooks(unknown: list[str]) -> str:
    from kcore.registry.suggestions import near_names

    known = [name for name in vars(_NoHooks) if name.startswith("kcore_")]
    near = list(dict.fromkeys(name for wrong in unknown for name in near_names(wrong, known, most=1)))
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


_HOOKS = _Hooks()


def hooks() -> Any:
    """The hooks, to be called by name with keyword arguments: ``hooks().kcore_model_saved(model=model, path=path)``.

    A call returns the list of the results that are not None, or for ``kcore_data_source`` the first such result. The
    hooks and their arguments are described in `kcore.registry.hookspecs`.
    """
    return _HOOKS.relay()


def register_hooks(plugin: Any, name: str | None = None) -> None:
    """Let a module or object take part in this process: its functions marked with ``kcore.registry.hookimpl``.

    Args:
        name: what listings call it; its own name by default. A name that is in use is taken over.
    """
    _HOOKS.register(plugin, name)


def unregister_hooks(plugin: Any) -> None:
    """Take back what `register_hooks` did."""
    _HOOKS.unregister(plugin)


def hook_records() -> list[Record]:
    """Every hook module, whatever its state. Imports nothing; what is broken shows once hooks were called."""
    return _HOOKS.records()


def forget_hook_failures() -> None:
    """Try again what failed; `kcore.registry.refresh` does this."""
    _HOOKS.forget_failures()
