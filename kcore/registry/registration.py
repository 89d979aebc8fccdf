"""What a process makes known by name without a distribution: ``register`` and ``unregister``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, overload

from kcore.errors.registry import NameTakenError, RegistrationError, UnknownComponentError
from kcore.registry.families import LOCAL, member
from kcore.registry.records import Record
from kcore.registry.resolver import Table

T = TypeVar("T")


class Registration:
    """The part of a registry that running code changes."""

    family: str
    _lock: threading.RLock
    _local: dict[str, Record]
    _objects: dict[tuple[str, str], Any]
    _changes: int

    def _table(self) -> Table:
        raise NotImplementedError

    def _unknown(self, name: str) -> UnknownComponentError:
        raise NotImplementedError

    @overload
    def register(self, obj: T, *, name: str | None = ..., override: bool = ...) -> T: ...
    @overload
    def register(self, obj: None = ..., *, name: str | None = ..., override: bool = ...) -> Callable[[T], T]: ...
    def register(self, obj: Any = None, *, name: str | None = None, override: bool = False) -> Any:
        """Make a class or function known by name in this process, without packaging; a call or a decorator.

        It appears in listings as ``local``, with the identity ``local>Name``. Running the same definition again (a
        notebook cell) replaces what was there.

        Args:
            name: its own name by default.
            override: use it even if the name means something else; that is then listed as shadowed.

        Raises:
            NameTakenError: the bare name is in use.
            RegistrationError: it is no class or function, or has no usable name.
        """
        if obj is None:
            return lambda given: self.register(given, name=name, override=override)
        chosen = name if name is not None else getattr(obj, "__name__", None)
        problem = None
        if not callable(obj):
            problem = "it is no class and no function"
        elif not isinstance(chosen, str) or not chosen or chosen == "<lambda>":
            problem = "it has no name of its own; give it one with name=..."
        elif ">" in chosen or chosen.strip() != chosen:
            problem = f"the name {chosen!r} has a '>' or surrounding space"
        if problem is not None or not isinstance(chosen, str):
            raise RegistrationError(family=self.family, noun=member(self.family), value=obj, problem=str(problem))
        module = getattr(obj, "__module__", None)
        place = f"{module}:{getattr(obj, '__qualname__', chosen)}"
        record = Record(self.family, chosen, LOCAL, "", place, "local")
        with self._lock:
            before = self._local.get(chosen)
            if not override and not (before is not None and before.entry_point == place):
                self._refuse_taken(chosen, before)
            self._local[chosen] = record
            self._objects[LOCAL, chosen] = obj
            self._changes += 1
        return obj

    def unregister(self, name: str) -> None:
        """Take back a registration of this process.

        Raises:
            UnknownComponentError: nothing was registered under the name.
        """
        bare = name.removeprefix(f"{LOCAL}>")
        with self._lock:
            known = self._local.pop(bare, None) is not None
            self._objects.pop((LOCAL, bare), None)
            self._changes += 1
        if not known:
            raise self._unknown(f"{LOCAL}>{bare}")

    def _refuse_taken(self, name: str, before: Record | None) -> None:
        table = self._table()
        holders = [before] if before else [table.bare[name]] if name in table.bare else table.claimed.get(name, ())
        if holders:
            raise NameTakenError(
                family=self.family,
                noun=member(self.family),
                name=name,
                holder=" and ".join(
                    f"this process ({holder.entry_point})"
                    if holder.distribution == LOCAL
                    else f"{holder.distribution} {holder.version}"
                    for holder in holders
                ),
            )
