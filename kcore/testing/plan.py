"""Which checks a distribution has to pass: those of its components, and those of the cases in its tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from kcore.errors.testing import ConformanceTableError, NoComponentsError
from kcore.registry import FAMILIES, Record, registry
from kcore.registry.families import LOCAL, normalised
from kcore.registry.records import UNUSABLE, split_entry_point
from kcore.registry.suggestions import near_names
from kcore.testing.checks import Check
from kcore.testing.documentation import check_annotated, check_documented
from kcore.testing.general import backend_check, check_effects, check_inputs, other_backends
from kcore.testing.imports import ImportProbe, check_declared, check_import_cost, check_import_effects
from kcore.testing.suites import Suite, suite
from kcore.testing.tables import StatedCase, Tables

_Runs: TypeAlias = dict[str, Callable[[], None]]
_BACKEND: Final = "backend "


def records_of(distribution: str) -> list[Record]:
    """All that a distribution has, in whatever state."""
    wanted = normalised(distribution)
    every = [record for family in FAMILIES for record in registry(family).records()]
    found = [record for record in every if normalised(record.distribution) == wanted]
    if not found:
        installed = sorted({record.distribution for record in every})
        raise NoComponentsError(
            distribution=distribution, installed=installed, near=near_names(distribution, installed)
        )
    return found


def packages_of(records: Sequence[Record]) -> list[str]:
    """The import packages that the records' entry points are in."""
    places = [split_entry_point(record.entry_point) for record in records if record.distribution != LOCAL]
    return list(dict.fromkeys(place[0].partition(".")[0] for place in places if place))


@dataclass(frozen=True)
class Component:
    """A class or function, and all the names that it has."""

    family: str
    name: str
    records: tuple[Record, ...]

    @property
    def record(self) -> Record:
        """The one of the name."""
        return next(record for record in self.records if record.name == self.name)


class Plan:
    """Which checks there are."""

    def __init__(self, records: Sequence[Record], tables: Tables) -> None:
        self.distribution = records[0].distribution
        self.tables = tables
        self.components = list(_components(records))
        self.by_name = {(one.family, record.name): one for one in self.components for record in one.records}
        self.probe = ImportProbe([one.record for one in self.components if one.record.state not in UNUSABLE])

    def checks(self) -> Iterator[Check]:
        """First those of the components, then those of the cases, family by family."""
        by_component: dict[tuple[str, str], list[StatedCase]] = {}
        for family, stated in self.tables.cases.items():
            for one in stated:
                for component in self._components_of(suite(family), one):
                    by_component.setdefault((family, component.name), []).append(one)
        names = {f"{component.family}/{component.name}" for component in self.components}
        unknown = set(self.tables.expected) - names
        if unknown:
            raise ConformanceTableError(
                path=f"the tables of {self.distribution}",
                place="expected_failures",
                problem=f"{', '.join(sorted(unknown))} is no component of it",
                expected=", ".join(sorted(names)),
            )
        done: set[tuple[str, str]] = set()
        for component in self.components:
            own = by_component.get((component.family, component.name), [])
            yield from self._of_component(component, own)
            for one in own:
                key = (component.family, str(one.case))
                if key not in done:
                    done.add(key)
                    yield from self._of_case(component, suite(component.family), one)

    def _components_of(self, suite: Suite, stated: StatedCase) -> list[Component]:
        """Whose case it is: that of one component, or of a class and its function form."""
        found: list[Component] = []
        for name in suite.names_of(stated.case):
            bare = name.rpartition(">")[2]
            component = self.by_name.get((suite.family, bare))
            if component is None or not self._is_meant(suite.family, name):
                problem = (
                    f"the name {name!r} is none of {self.distribution}"
                    if component is None
                    else f"the name {name!r} means the one of another distribution here"
                )
                expected = f"a name of {self.distribution}" if component is None else f"{self.distribution}>{bare}"
                raise ConformanceTableError(
                    path=stated.source, place=f"{suite.family}, {stated.case}", problem=problem, expected=expected
                )
            found.append(component)
        return list(dict.fromkeys(found))

    def _is_meant(self, family: str, name: str) -> bool:
        """Whether the name, looked up as a config's would be, leads to this distribution."""
        home = registry(family)
        record = home.resolve(name) if name in home else None
        return record is None or normalised(record.distribution) == normalised(self.distribution)

    def _of_component(self, component: Component, stated: Sequence[StatedCase]) -> Iterator[Check]:
        record, probe, distribution = component.record, self.probe, self.distribution
        runs: _Runs = {"loads": lambda: _loads(component)}
        if record.state not in UNUSABLE:
            runs["cases"] = lambda: _has_cases(component, stated, distribution)
            runs["documented"] = lambda: check_documented(_target(record))
            runs["annotated"] = lambda: check_annotated(_target(record))
            if record.distribution != LOCAL:
                runs["import_cost"] = lambda: check_import_cost(probe.of(record))
                runs["import_effects"] = lambda: check_import_effects(probe.of(record))
                runs["declared"] = lambda: check_declared(probe.of(record), distribution)
        expected = self.tables.expected.get(f"{component.family}/{component.name}", {})
        yield from self._made(component, "", runs, expected, f"{component.family}/{component.name}")

    def _of_case(self, component: Component, suite: Suite, stated: StatedCase) -> Iterator[Check]:
        case = stated.case
        runs: _Runs = {}
        if suite.traced is not None or suite.use is not None:
            # First: what is changed once for all shows at the first use only.
            runs["effects"] = functools.partial(check_effects, suite, case)
        runs |= {name: functools.partial(check, case) for name, check in suite.checks.items()}
        if suite.traced is not None:
            runs["inputs"] = functools.partial(check_inputs, suite, case)
        if suite.traced is not None or suite.use is not None:
            for backend in other_backends():
                runs[f"{_BACKEND}{backend}"] = functools.partial(backend_check(suite, backend), case)
        yield from self._made(component, str(case), runs, stated.expected, f"{suite.family}, {case}")

    def _made(
        self,
        component: Component,
        case: str,
        runs: _Runs,
        expected: Mapping[str, str],
        place: str,
    ) -> Iterator[Check]:
        # Whether an engine is installed is not for the table to know.
        unknown = sorted(name for name in set(expected) - set(runs) if not name.startswith(_BACKEND))
        if unknown:
            raise ConformanceTableError(
                path=f"the tables of {self.distribution}",
                place=place,
                problem=f"a failure is expected of {', '.join(map(repr, unknown))}, which is no check of it",
                expected=", ".join(runs),
            )
        for name, run in runs.items():
            yield Check(self.distribution, component.family, component.name, case, name, run, expected.get(name, ""))


def _components(records: Sequence[Record]) -> Iterator[Component]:
    """What the names stand for: those of one family with the same entry point are one component."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.family, record.entry_point), []).append(record)
    for (family, entry_point), members in groups.items():
        place = split_entry_point(entry_point)
        own = place[1].rpartition(".")[2] if place else ""
        names = [record.name for record in members]
        yield Component(family, own if own in names else names[0], tuple(members))


def _target(record: Record) -> Any:
    return registry(record.family).load(record.qualified)


def _loads(component: Component) -> None:
    """Every name can be had, and means the same."""
    targets = []
    for record in component.records:
        assert record.state not in UNUSABLE, f"{record.qualified} is {record.state}: {record.reason}"
        targets.append(_target(record))
    assert all(target is targets[0] for target in targets), "its names mean different things"


def _has_cases(component: Component, stated: Sequence[StatedCase], distribution: str) -> None:
    """The distribution's tables say how the component is used."""
    package = (split_entry_point(component.record.entry_point) or ("the package",))[0].partition(".")[0]
    fields = ", ".join(suite(component.family).case.__dataclass_fields__)
    assert stated, (
        f"no table says how it is used, so that nothing more can be checked: add a row with the fields {fields} under"
        f" {component.family!r} to {package}/conformance/{component.family}.yaml"
    )
