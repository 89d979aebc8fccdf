"""The conformance suite of a distribution: each general check finds the component that is wrong in its own way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kcore.engine.numpy_backend import NumpyBackend
from kcore.errors import ConformanceTableError, NoComponentsError, UnknownCheckError
from kcore.registry import refresh, registry
from kcore.regularizers import Regularizer
from kcore.testing import check_distribution, conformance_checks, imports, stated_cases
from kcore.testing.conformance import chosen_checks
from kcore.testing.imports import IMPORT_SECONDS, ImportProbe
from kcore.testing.process_state import changes
from kcore.testing.regularizers import RegularizerCase

from .conftest import Made

RIGHT = '''
from __future__ import annotations
from typing import Any
import numpy as np
from kcore.regularizers import Regularizer
# at import

class Half(Regularizer):
    """The penalty factor * sum(w ** 2).

    Args:
        factor: of the sum.
    """

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = float(factor)
        # at making

    def __call__(self, weights: Any) -> Any:
        # at use
        return self.factor * np.sum(weights * weights)
'''
BURN = "import time\nwhile time.process_time() < {}: pass"

# Name of the class -> what is put where -> the check that has to find it, and a part of what it says.
WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "NoDocstring": ({'"""The penalty': 'text = """The penalty'}, "documented", "has no docstring"),
    "NoSentence": ({"sum(w ** 2).": "sum(w ** 2)"}, "documented", "begins with no sentence"),
    "UnnamedArgument": (
        {"factor: of the sum.": "a number.", "The penalty factor": "The penalty"},
        "documented",
        "does not name its arguments factor",
    ),
    "NoAnnotation": ({"weights: Any": "weights"}, "annotated", "__call__(weights)"),
    "NoResult": ({") -> None:": "):"}, "annotated", "__init__() -> ?"),
    "Slow": (
        {
            "# at import": BURN.format(f"time.process_time() + {IMPORT_SECONDS} + 0.5")
            .replace("while", "end = time.process_time() + 1.5\nwhile")
            .replace(f"time.process_time() + {IMPORT_SECONDS} + 0.5", "end")
        },
        "import_cost",
        "s of processor time",
    ),
    "Undeclared": ({"# at import": "import iniconfig"}, "declared", "'iniconfig' of iniconfig"),
    "Seeds": ({"# at import": "np.random.seed(3)"}, "import_effects", "np.random.seed"),
    "SeedsPython": (
        {"# at import": "import random\nrandom.seed(3)"},
        "import_effects",
        "random.seed, random.random) were",
    ),
    "IgnoresErrors": ({"# at import": "np.seterr(all='ignore')"}, "import_effects", "np.geterr()"),
    "Prints": ({"# at import": "print('hello from a plugin')"}, "import_effects", "printed 'hello from a plugin'"),
    "WritesToStderr": (
        {"# at import": "import os\nos.write(2, b'low level')"},
        "import_effects",
        "printed 'low level'",
    ),
    "PrintsArraysOtherwise": (
        {"# at import": "np.set_printoptions(precision=3)"},
        "import_effects",
        "np.get_printoptions()",
    ),
    "SetsTheEnvironment": (
        {"# at import": "import os\nos.environ['OMP_NUM_THREADS'] = '7'"},
        "import_effects",
        "os.environ: 'OMP_NUM_THREADS'",
    ),
    "ChangesTheFolder": ({"# at import": "import os\nos.chdir('/')"}, "import_effects", "the working folder"),
    "ChangesThePath": ({"# at import": "import sys\nsys.path.append('/nowhere')"}, "import_effects", "sys.path"),
    "FiltersWarnings": (
        {"# at import": "import warnings\nwarnings.simplefilter('ignore')"},
        "import_effects",
        "warnings.filters",
    ),
    "ConfiguresLogging": (
        {"# at import": "import logging\nlogging.basicConfig(level=10)"},
        "import_effects",
        "the root logger",
    ),
    "StartsAThread": (
        {
            "# at import": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()"
        },
        "import_effects",
        "the running threads",
    ),
    "CatchesSignals": (
        {"# at import": "import signal\nsignal.signal(signal.SIGTERM, lambda *_: None)"},
        "import_effects",
        "the handler of SIGTERM",
    ),
    "ReplacesFunctions": ({"# at import": "np.tanh = np.sin"}, "import_effects", "numpy.tanh was replaced"),
    "ReplacesOurs": (
        {"# at import": "from kcore import ops\nops.softmax = None"},
        "import_effects",
        "kcore.ops.softmax was replaced",
    ),
    "DeeperRecursion": (
        {"# at import": "import sys\nsys.setrecursionlimit(12345)"},
        "import_effects",
        "sys.getrecursionlimit()",
    ),
    "WithoutCollector": ({"# at import": "import gc\ngc.disable()"}, "import_effects", "the garbage collector"),
    "OtherFloats": (
        {"# at import": "from kcore.engine.settings import set_floatx\nset_floatx('float64')"},
        "import_effects",
        "kcore's floatx",
    ),
    "RegistersItself": (
        {
            "# at import": "from kcore.registry import registry\nregistry('losses').register(lambda y, p: p, name='mine')"
        },
        "import_effects",
        "registered by running code",
    ),
    "ChangesItsInput": (
        {"# at use": "if isinstance(weights, np.ndarray): weights *= 1.5"},
        "inputs",
        "other numbers afterwards",
    ),
    "DrawsGlobally": ({"# at use": "np.random.rand()"}, "effects", "np.random.rand) were used"),
    "IgnoresErrorsWhenMade": ({"# at making": "np.seterr(under='raise')"}, "effects", "np.geterr()"),
    "SetsTheEnvironmentInUse": (
        {"# at use": "import os; os.environ['HALF'] = str(float(os.environ.get('HALF', 0)) + 1)"},
        "effects",
        "os.environ: 'HALF'",
    ),
    "ReplacesInUse": ({"# at use": "np.cosh = lambda x: x"}, "effects", "numpy.cosh was replaced"),
}
ROW = "  - {regularizer: %s, weights: [1, 2], penalty: %s}\n"


def module(name: str, changes: dict[str, str]) -> str:
    code = RIGHT.replace("class Half", f"class {name}")
    for old, new in changes.items():
        assert old in code
        code = code.replace(old, new)
    return code


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Made], None]]:
    """Makes the distributions of a folder known to this process."""

    def put(site: Made) -> None:
        monkeypatch.setattr(sys, "path", [str(site.folder), *sys.path])
        refresh()

    yield put
    monkeypatch.undo()
    refresh()


@pytest.fixture(scope="module")
def wrong(made: Callable[[], Made]) -> dict[str, dict[str, tuple[str, str]]]:
    """What the suite says of a distribution in which every component but the first and the last are wrong."""
    site = made()
    names = ["Right", *WRONG, "WithoutCase"]
    modules = {name.lower(): module(name, WRONG[name][0] if name in WRONG else {}) for name in names}
    rows = "regularizers:\n" + "".join(ROW % (name, 2.5) for name in names[:-1])
    entries = {name: f"wrong_plugin.{name.lower()}:{name}" for name in names}
    site.add(
        "wrong-plugin",
        modules,
        {"regularizers": {**entries, "Missing": "wrong_plugin.right:Nothing"}},
        {"rows.yaml": rows},
    )
    return site.results("wrong-plugin")


def test_a_right_component_passes_everything(wrong: dict[str, dict[str, tuple[str, str]]]) -> None:
    found = wrong["Right"]
    assert {outcome for outcome, _ in found.values()} == {"passed"}
    assert found.keys() >= {"loads", "cases", "documented", "annotated", "import_cost", "import_effects", "declared"}
    assert found.keys() >= {"inputs", "effects", "config", "names", "copies", "penalty", "derivatives"}


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_component_is_found_by_its_check(name: str, wrong: dict[str, dict[str, tuple[str, str]]]) -> None:
    _, check, text = WRONG[name]
    outcome, said = wrong[name][check]
    assert outcome == "failed" and text in said, said
    # And by no other of the general ones.
    others = {"documented", "annotated", "import_cost", "import_effects", "declared", "inputs", "effects", "loads"} - {
        check
    }
    assert {other: wrong[name][other] for other in others} == dict.fromkeys(others, ("passed", ""))


def test_a_component_without_a_case_and_one_that_is_not_there(wrong: dict[str, dict[str, tuple[str, str]]]) -> None:
    outcome, said = wrong["WithoutCase"]["cases"]
    assert outcome == "failed"
    assert "add a row with the fields regularizer, config, label, weights" in said
    assert "to wrong_plugin/conformance/regularizers.yaml" in said
    outcome, said = wrong["Missing"]["loads"]
    assert outcome == "failed" and "BrokenComponentError" in said and "wrong-plugin" in said


def test_an_import_that_ends_the_process_and_those_after_it(made: Callable[[], Made]) -> None:
    site = made()
    modules = {"a": module("A", {}), "b": module("B", {"# at import": "import os\nos._exit(3)"}), "c": module("C", {})}
    entries = {name: f"ending.{name.lower()}:{name}" for name in "ABC"}
    site.add("ending", modules, {"regularizers": entries}, {})
    # The checks that import the component in their own process would end it.
    program = """
import json
from kcore.testing import conformance_checks
checks = [check for check in conformance_checks("ending") if check.name == "import_cost"]
print(json.dumps([check.result().text for check in checks]))
"""
    done = site.run("-c", program)
    assert json.loads(done.stdout) == [
        "",
        "the import ended the process (exit code 3)",
        "was not tried: an import before it ended the process (exit code 3)",
    ]


def test_an_import_that_hangs(
    made: Callable[[], Made], on_path: Callable[[Made], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = made()
    code = module("Half", {"# at import": "import time\ntime.sleep(600)"})
    site.add("hanging", {"a": code}, {"regularizers": {"Half": "hanging.a:Half"}}, {})
    on_path(site)
    monkeypatch.setattr(imports, "_LIMIT", 8.0)
    (check,) = (check for check in conformance_checks("hanging") if check.name == "import_cost")
    assert check.result().text == "the import did not end within 8 s"


# --- what is registered by running code, and other engines -------------------------------------------------------------


class Local(Regularizer):
    """The penalty factor * sum(w ** 2).

    Args:
        factor: of the sum.
    """

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = float(factor)

    def __call__(self, weights: Any) -> Any:
        return self.factor * np.sum(weights * weights)


class Exact(NumpyBackend):
    """Another engine that computes the same."""

    name = "exact"


class Off:
    """An engine whose results are off by a thousandth."""

    name = "off"

    def compile(self, program: Any, state: Any, updates: Any) -> Any:
        return OffExecutable(NumpyBackend().compile(program, state, updates))


class OffExecutable:
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def run(self) -> None:
        self.inner.run()
        for output in self.inner.outputs:
            output *= 1.001

    def __call__(self, *arrays: Any) -> Any:
        for own, given in zip(self.inner.inputs, arrays, strict=True):
            own[...] = given
        self.run()
        return self.inner.outputs


@pytest.fixture
def local() -> Iterator[None]:
    registry("regularizers").register(Local)
    yield
    registry("regularizers").unregister("Local")


@pytest.fixture
def engines(local: None) -> Iterator[None]:
    registry("backends").register(Exact, name="exact")
    registry("backends").register(Off, name="off")
    yield
    registry("backends").unregister("exact")
    registry("backends").unregister("off")


CASE = RegularizerCase("Local", weights=[1, 2], penalty=2.5)


def rows(**more: Any) -> dict[str, Any]:
    return {"regularizers": [{"regularizer": "Local", "weights": [1, 2], "penalty": 2.5, **more}]}


@pytest.mark.usefixtures("engines")
def test_each_other_engine_has_to_give_the_same_numbers() -> None:
    report = check_distribution("local", rows={"regularizers": [CASE], "expected_failures": {}})
    found = {result.check.name: result for result in report.results if result.check.family == "regularizers"}
    assert found["backend local>exact"].outcome == "passed"
    assert found["backend local>off"].outcome == "failed"
    assert "the backend local>off beside numpy" in found["backend local>off"].text


@pytest.mark.usefixtures("engines")
def test_a_failure_with_one_engine_can_be_expected_whether_it_is_installed_or_not() -> None:
    known = {"backend local>off": "it rounds", "backend elsewhere>tpu": "it has no such number"}
    report = check_distribution("local", rows=rows(expected_failures=known))
    outcomes = {result.check.name: result.outcome for result in report.results}
    assert outcomes["backend local>off"] == "expected failure" and outcomes["backend local>exact"] == "passed"
    assert "backend elsewhere>tpu" not in outcomes


@pytest.mark.usefixtures("local")
def test_what_running_code_registered_is_checked_with_its_rows() -> None:
    report = check_distribution("local", rows=rows())
    assert not report.failures
    assert str(report) == f"local: {len(report.results)} checks, {len(report.results)} passed"
    assert not {check.check.name for check in report.results} & {"import_cost", "import_effects", "declared"}


@pytest.mark.usefixtures("local")
def test_expected_failures_need_a_reason_and_have_to_fail() -> None:
    report = check_distribution("local", rows=rows(penalty=3, expected_failures={"penalty": "known", "config": "gone"}))
    outcomes = {result.check.name: (result.outcome, result.text) for result in report.results}
    assert outcomes["penalty"][0] == "expected failure" and "the penalty" in outcomes["penalty"][1]
    assert outcomes["config"] == ("failed", "passes, though it is expected to fail (gone): take that out")
    assert str(report).splitlines()[-1].endswith(" passed, 1 failed, 1 expected failure")
    assert str(report).startswith("regularizers/Local-config: passes, though")


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([], r"rows: is a list\. Expected: families with lists of rows"),
        ({"regularisers": []}, r"rows, regularisers: is no family\. Expected: lists of rows under layers, "),
        ({"regularizers": {}}, r"rows, regularizers: is no list"),
        (
            {"regularizers": ["Local"]},
            r"rows, regularizers, row 1: is a str\. Expected: the fields regularizer, config",
        ),
        ({"regularizers": [{"name": "Local"}]}, r"row 1: makes no RegularizerCase \(TypeError: .*'name'.*\)"),
        (
            rows(expected_failures={"penalty": ""}),
            r"row 1: expected_failures is {'penalty': ''}\. Expected: a mapping of",
        ),
        (rows(expected_failures=["penalty"]), r"row 1: expected_failures is \['penalty'\]"),
        (
            rows(expected_failures={"penalties": "x"}),
            r"regularizers, Local: a failure is expected of 'penalties', which",
        ),
        ({**rows(), "expected_failures": {"regularizers/X": {"cases": "x"}}}, r"regularizers/X is no component of it"),
        (
            {**rows(), "expected_failures": {"regularizers/Local": "x"}},
            r"Expected: components with a mapping of checks",
        ),
        ({"regularizers": [CASE, CASE]}, r"rows, regularizers: has two cases 'Local'\. Expected: labels that differ"),
        ({"regularizers": [RegularizerCase("L2")]}, r"regularizers, L2: the name 'L2' is none of local"),
    ],
)
def test_rows_that_say_nothing(given: Any, text: str) -> None:
    with pytest.raises(ConformanceTableError, match=text) as caught:
        conformance_checks("local", rows=given)
    assert {"path", "place", "problem", "expected"} <= vars(caught.value).keys()


def test_a_case_by_a_bare_name_that_means_another_distribution(
    made: Callable[[], Made], on_path: Callable[[Made], None]
) -> None:
    site = made()
    site.add(
        "shadow",
        {"a": module("L2", {})},
        {"regularizers": {"L2": "shadow.a:L2"}},
        {"a.yaml": "regularizers:\n" + ROW % ("L2", 2.5)},
    )
    on_path(site)
    with pytest.raises(
        ConformanceTableError, match=r"'L2' means the one of another distribution here\. Expected: shadow>L2"
    ):
        conformance_checks("shadow")
    (site.folder / "shadow" / "conformance" / "a.yaml").write_text("regularizers:\n" + ROW % ("shadow>L2", 2.5))
    (penalty,) = (check for check in conformance_checks("shadow") if check.name == "penalty")
    assert penalty.result().outcome == "passed"


def test_a_distribution_without_components() -> None:
    with pytest.raises(
        NoComponentsError, match=r"'kcore-layer' has .* Did you mean 'kcore-layers'\? Installed are kcore, "
    ):
        check_distribution("kcore-layer")
    with pytest.raises(NoComponentsError) as caught:
        stated_cases("numpy", "layers")
    assert caught.value.distribution == "numpy" and "kcore-losses" in caught.value.installed  # type: ignore[attr-defined]
    assert str(NoComponentsError(distribution="a", installed=[])).startswith(
        "No installed distribution named 'a' has components for kcore. No plugin is installed."
    )


def test_checks_can_be_chosen() -> None:
    checks = conformance_checks("kcore-optimizers")
    chosen = chosen_checks(checks, family="schedules", component="schedules/CosineDecay", name="rates")
    assert {(check.component, check.name) for check in chosen} == {("CosineDecay", "rates")}
    with pytest.raises(
        UnknownCheckError,
        match=r"nothing to check for the component 'schedules/Cosine'\. There is: .*schedules/CosineDecay",
    ):
        chosen_checks(checks, component="schedules/Cosine")
    with pytest.raises(UnknownCheckError) as caught:
        chosen_checks(checks, name="speed")
    assert caught.value.asked == "speed" and "rates" in caught.value.available  # type: ignore[attr-defined]


def test_the_probe_imports_nothing_before_it_is_asked() -> None:
    record = registry("regularizers").resolve("L2")
    probe = ImportProbe([record])
    assert probe._found is None
    assert probe.of(record).problem == ""


def test_what_changed_is_told_by_what_it_is_not_by_how_long_it_is() -> None:
    # As long as a checksum.
    folder = "/" + "a" * 63
    assert changes({"the working folder": folder}, {"the working folder": "/b"}) == [
        f"the working folder was {folder!r}, is '/b'"
    ]
