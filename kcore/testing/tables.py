"""The tables in which a plugin states its cases: YAML files in the folder ``conformance`` of its import package.

A file maps families to lists of rows; a row has the fields of the family's case, and perhaps ``expected_failures``,
which maps names of checks to the reason why the case does not pass them. Failures of a component as such stand at the
top of the file::

    layers:
      - {layer: GatedDense, shape: [3, 4], config: {units: 2}}
      - {layer: GatedDense, label: rounded, shape: [3, 4], config: {units: 2, round: true},
         expected_failures: {derivatives: rounding has none}}
    expected_failures:
      layers/AbstractGate: {cases: it refuses to be made}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from kcore.errors.testing import ConformanceTableError
from kcore.registry import FAMILIES
from kcore.testing.suites import suite

FOLDER: Final = "conformance"
EXPECTED: Final = "expected_failures"


@dataclass(frozen=True)
class StatedCase:
    """A case, where it is from, and which of its checks are known to fail, with the reason."""

    case: Any
    source: str
    expected: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Tables:
    """All that the tables of one distribution say.

    Attributes:
        cases: by family.
        expected: ``"family/name"`` -> name of a check -> why it fails.
    """

    cases: dict[str, list[StatedCase]] = field(default_factory=dict)
    expected: dict[str, dict[str, str]] = field(default_factory=dict)


def tables_of(packages: Iterable[str]) -> Tables:
    """What the tables in these import packages say. No package is imported.

    Raises:
        ConformanceTableError: a file that cannot be read, or a row that makes no case.
    """
    tables = Tables()
    for package in packages:
        for place in _folders(package):
            for path in sorted((place / FOLDER).glob("*.yaml")):
                _add(tables, _read(path), str(path))
    return _checked(tables)


def tables_from(rows: Mapping[str, Any], source: str = "rows") -> Tables:
    """The same from what a file would hold; a case may also stand for its row.

    Raises:
        ConformanceTableError: a row that makes no case.
    """
    tables = Tables()
    _add(tables, rows, source)
    return _checked(tables)


def _folders(package: str) -> Sequence[Path]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = f"cannot be read as YAML ({str(error).replace(chr(10), ' ')})"
        raise ConformanceTableError(path=path, place="", problem=problem, expected="families with rows") from error


def _add(tables: Tables, content: Any, source: str) -> None:
    if not isinstance(content, Mapping):
        raise ConformanceTableError(
            path=source, place="", problem=f"is a {type(content).__name__}", expected="families with lists of rows"
        )
    for key, value in content.items():
        if key == EXPECTED:
            for component, failures in _reasons(value, source, "", nested=True).items():
                tables.expected.setdefault(component, {}).update(failures)
        elif key in FAMILIES and isinstance(value, list):
            stated = [_case(key, row, source, f"{key}, row {number}") for number, row in enumerate(value, 1)]
            tables.cases.setdefault(key, []).extend(stated)
        else:
            problem = "is no list" if key in FAMILIES else "is no family"
            allowed = f"lists of rows under {', '.join(FAMILIES)}, and {EXPECTED}"
            raise ConformanceTableError(path=source, place=str(key), problem=problem, expected=allowed)


def _case(family: str, row: Any, source: str, place: str) -> StatedCase:
    kind = suite(family).case
    if isinstance(row, kind):
        return StatedCase(row, source)
    fields = ", ".join(kind.__dataclass_fields__)
    if not isinstance(row, Mapping):
        problem = f"is a {type(row).__name__}"
        raise ConformanceTableError(path=source, place=place, problem=problem, expected=f"the fields {fields}")
    expected = _reasons(row.get(EXPECTED, {}), source, place)
    try:
        case = kind.from_row({key: value for key, value in row.items() if key != EXPECTED})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        problem = f"makes no {kind.__name__} ({type(error).__name__}: {error})"
        raise ConformanceTableError(
            path=source, place=place, problem=problem, expected=f"the fields {fields}"
        ) from error
    return StatedCase(case, source, expected)


def _reasons(value: Any, source: str, place: str, *, nested: bool = False) -> dict[str, Any]:
    """Checked ``expected_failures``: names of checks to reasons; one level deeper where ``nested``."""
    inner = Mapping if nested else str
    if not isinstance(value, Mapping) or not all(isinstance(one, inner) and one for one in value.values()):
        meant = "components with a mapping of checks to reasons" if nested else "a mapping of checks to reasons"
        raise ConformanceTableError(path=source, place=place, problem=f"{EXPECTED} is {value!r}", expected=meant)
    if nested:
        return {str(name): _reasons(one, source, str(name)) for name, one in value.items()}
    return {str(name): one for name, one in value.items()}


def _checked(tables: Tables) -> Tables:
    """No two cases of a family may have one name: the names are what tests are told apart by."""
    for family, stated in tables.cases.items():
        seen: set[str] = set()
        for one in stated:
            if str(one.case) in seen:
                raise ConformanceTableError(
                    path=one.source,
                    place=family,
                    problem=f"has two cases {str(one.case)!r}",
                    expected="labels that differ",
                )
            seen.add(str(one.case))
    return tables
