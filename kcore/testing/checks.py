"""A check of one component, what came of it, and the report of many."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Outcome = Literal["passed", "failed", "expected failure"]


@dataclass(frozen=True)
class Check:
    """One rule, and one component that has to keep it. Call it: it raises where the component does not.

    Attributes:
        distribution: that the component is from.
        family: of the component.
        component: its name, the one of its class or function where that is one of its names.
        case: how the component is used; empty where the rule is about the component as such.
        name: of the rule.
        run: what the call does.
        expected: why the component's author knows it to fail; empty where it has to pass.
    """

    distribution: str
    family: str
    component: str
    case: str
    name: str
    run: Callable[[], None]
    expected: str = ""

    def __call__(self) -> None:
        """Raise an AssertionError, or the component's own error, where the rule is not kept."""
        self.run()

    def __str__(self) -> str:
        return f"{self.family}/{self.case or self.component}-{self.name}"

    def result(self) -> Result:
        """What comes of it, as data."""
        begin = time.perf_counter()
        outcome: Outcome = "passed"
        text = ""
        try:
            self.run()
        except Exception as error:
            outcome = "expected failure" if self.expected else "failed"
            said = str(error).strip()
            text = said if isinstance(error, AssertionError) and said else f"{type(error).__name__}: {said}"
        if outcome == "passed" and self.expected:
            outcome, text = "failed", f"passes, though it is expected to fail ({self.expected}): take that out"
        return Result(self, outcome, text, time.perf_counter() - begin)


@dataclass(frozen=True)
class Result:
    """What came of one check.

    Attributes:
        outcome: ``"passed"``, ``"failed"``, or ``"expected failure"``; a check that passes against expectation failed.
        text: what is wrong; empty where nothing is.
        seconds: that it took.
    """

    check: Check
    outcome: Outcome
    text: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """What came of all checks of a distribution; as a text, the failures and a total."""

    distribution: str
    results: Sequence[Result]

    @property
    def failures(self) -> list[Result]:
        """Those that are against the rules."""
        return [result for result in self.results if result.outcome == "failed"]

    def __str__(self) -> str:
        lines = [f"{result.check}: {result.text}" for result in self.failures]
        counts = Counter(result.outcome for result in self.results)
        told = ", ".join(f"{counts[kind]} {kind}" for kind in get_args(Outcome) if counts[kind] or kind == "passed")
        return "\n".join([*lines, f"{self.distribution}: {len(self.results)} checks, {told}"])
