"""File formats for the tests of the checks: one that keeps the contract, and one that is wrong for each check.

A test puts this module into a distribution of its own, as the checks read files in new processes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from kcore.errors import (
    FileContentError,
    FileWriteError,
    KcoreError,
    MissingComponentsError,
    UnknownComponentError,
    UnsupportedByFormatError,
)
from kcore.models import model_from_json
from kcore.registry import custom_object_scope, registry
from kcore.testing.plain_training import Descent, PlainLayer, squared_error


class Archive:
    """Keeps the contract: NumPy's archive of the config, the weights and the optimizer's state."""

    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        self.refuse_unbuilt(model)
        self.write(path, self.content(model, include_optimizer))

    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        with self.reading(path), custom_object_scope(custom_objects or {}):
            parts = self.parts(path.read_bytes())
            model = self.model(parts)
            self.give(model, parts)
            if compile and "optimizer" in parts:
                self.compile(model, parts)
            return model

    def save_weights(self, model: Any, path: Path) -> None:
        self.refuse_unbuilt(model)
        self.write(path, self.packed({"names": self.text([w.name for w in model.weights]), **self.weights(model)}))

    def load_weights(self, model: Any, path: Path, *, by_name: bool = False) -> None:
        with self.reading(path):
            self.give(model, self.parts(path.read_bytes()))

    # --- parts that the wrong ones replace ---------------------------------------------------------------------------

    def refuse_unbuilt(self, model: Any) -> None:
        if not model.built:
            advice = "Build it."
            raise UnsupportedByFormatError(format="archive", operation="hold a model without weights", advice=advice)

    def content(self, model: Any, include_optimizer: bool) -> bytes:
        parts = {"config": self.text(self.config(model)), **self.weights(model)}
        if include_optimizer and model.optimizer is not None:
            parts["optimizer"] = self.text(registry("optimizers").serialize(model.optimizer))
            parts |= {f"state{number}": array for number, array in enumerate(model.optimizer.get_weights())}
        return self.packed(parts)

    def config(self, model: Any) -> str:
        return str(model.to_json())

    def weights(self, model: Any) -> dict[str, Any]:
        return {f"weight{number}": array for number, array in enumerate(model.get_weights())}

    def text(self, data: Any) -> Any:
        return np.frombuffer(json.dumps(data).encode(), np.uint8)

    def packed(self, parts: Any) -> bytes:
        memory = io.BytesIO()
        np.savez(memory, **parts)
        return memory.getvalue()

    def write(self, path: Path, data: bytes) -> None:
        beside = path.with_name("beside")
        try:
            try:
                beside.write_bytes(data)
                os.replace(beside, path)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            raise FileWriteError(path=str(path), problem=str(error)) from error

    @contextlib.contextmanager
    def reading(self, path: Path) -> Any:
        try:
            yield
        except (MissingComponentsError, UnsupportedByFormatError):
            raise
        except (KcoreError, KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise FileContentError(source=str(path), problem=f"is damaged ({error!r})", expected="a model") from error

    def parts(self, data: bytes) -> dict[str, Any]:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return dict(file)

    def model(self, parts: Any) -> Any:
        return model_from_json(json.loads(parts["config"].tobytes()))

    def give(self, model: Any, parts: Any) -> None:
        model.set_weights([parts[f"weight{number}"] for number in range(self.count(parts, "weight"))])

    def count(self, parts: Any, kind: str) -> int:
        return sum(name.startswith(kind) for name in parts)

    def compile(self, model: Any, parts: Any) -> None:
        optimizer = registry("optimizers").deserialize(json.loads(parts["optimizer"].tobytes()))
        model.compile(optimizer, "squared_error")
        optimizer.build(model.trainable_weights)
        self.restore(optimizer, [parts[f"state{number}"] for number in range(self.count(parts, "state"))])

    def restore(self, optimizer: Any, state: Any) -> None:
        optimizer.set_weights(state)


class ConfigOnly(Archive):
    """Keeps the contract of a format without weights."""

    def weights(self, model: Any) -> dict[str, Any]:
        return {}

    def give(self, model: Any, parts: Any) -> None: ...

    def compile(self, model: Any, parts: Any) -> None: ...

    def save_weights(self, model: Any, path: Path) -> None:
        raise UnsupportedByFormatError(format="configonly", operation="hold weights", advice="Take another.")

    def load_weights(self, model: Any, path: Path, *, by_name: bool = False) -> None:
        raise UnsupportedByFormatError(format="configonly", operation="hold weights", advice="Take another.")


class WeightsOnly(Archive):
    """Keeps the contract of a format of weights; knows no names of layers."""

    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        raise UnsupportedByFormatError(format="weightsonly", operation="hold a model", advice="Take another.")

    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        raise UnsupportedByFormatError(format="weightsonly", operation="hold a model", advice="Take another.")

    def load_weights(self, model: Any, path: Path, *, by_name: bool = False) -> None:
        if by_name:
            raise UnsupportedByFormatError(format="weightsonly", operation="hold names", advice="Go by position.")
        super().load_weights(model, path)


# --- wrong in whole models -------------------------------------------------------------------------------------------


class KeepsInMemory(Archive):
    kept: ClassVar[dict[str, Any]] = {}

    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        self.kept[str(path)] = model
        path.write_bytes(b"")

    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        return self.kept[str(path)]


class ForgetsWeights(Archive):
    def give(self, model: Any, parts: Any) -> None: ...


class HalfPrecision(Archive):
    def weights(self, model: Any) -> dict[str, Any]:
        return {name: array.astype("float32") for name, array in super().weights(model).items()}


class LosesTheSign(Archive):
    def weights(self, model: Any) -> dict[str, Any]:
        return {name: array + array.dtype.type(0) for name, array in super().weights(model).items()}


class AnotherName(Archive):
    def config(self, model: Any) -> str:
        return super().config(model).replace("plain", "simple")


class CompilesByItself(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        model = super().load(path, custom_objects=custom_objects, compile=compile)
        if model.optimizer is None:
            model.compile(Descent(0.1), squared_error)
        return model


class LeavesATrace(Archive):
    def write(self, path: Path, data: bytes) -> None:
        super().write(path, data)
        path.with_suffix(".log").write_text("saved")


class RoundsTheModel(Archive):
    def content(self, model: Any, include_optimizer: bool) -> bytes:
        model.set_weights([np.round(array, 2) for array in model.get_weights()])
        return super().content(model, include_optimizer)


# --- wrong in the optimizer ------------------------------------------------------------------------------------------


class ForgetsTheState(Archive):
    def restore(self, optimizer: Any, state: Any) -> None: ...


class NeverCompiles(Archive):
    def compile(self, model: Any, parts: Any) -> None: ...


class AlwaysWithOptimizer(Archive):
    def content(self, model: Any, include_optimizer: bool) -> bytes:
        return super().content(model, True)


class AlwaysCompiles(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        return super().load(path, custom_objects=custom_objects, compile=True)


# --- wrong in weights ------------------------------------------------------------------------------------------------


class ByNameNothing(Archive):
    def load_weights(self, model: Any, path: Path, *, by_name: bool = False) -> None:
        if not by_name:
            super().load_weights(model, path)


class TakesWhatFits(Archive):
    def give(self, model: Any, parts: Any) -> None:
        for number, weight in enumerate(model.weights):
            if weight.shape == parts[f"weight{number}"].shape:
                weight.assign(parts[f"weight{number}"])


class OneAfterTheOther(Archive):
    def give(self, model: Any, parts: Any) -> None:
        model.weights[1].assign(np.zeros(model.weights[1].shape))
        super().give(model, parts)


class NamesNoFile(Archive):
    @contextlib.contextmanager
    def reading(self, path: Path) -> Any:
        with super().reading(path.with_name("it")):
            yield


class WeightsByAccident(Archive):
    @contextlib.contextmanager
    def reading(self, path: Path) -> Any:
        try:
            yield
        except KcoreError as error:
            raise RuntimeError("They do not fit.") from error


class NamesAnotherFormat(ConfigOnly):
    def save_weights(self, model: Any, path: Path) -> None:
        raise UnsupportedByFormatError(format="it", operation="hold weights", advice="Take another.")


class NotImplementedYet(ConfigOnly):
    def save_weights(self, model: Any, path: Path) -> None:
        raise NotImplementedError


# --- wrong where there is little to hold -----------------------------------------------------------------------------


class HoldsUnbuilt(Archive):
    def refuse_unbuilt(self, model: Any) -> None: ...

    def model(self, parts: Any) -> Any:
        model = super().model(parts)
        model.build((None, 3))
        return model

    def weights(self, model: Any) -> dict[str, Any]:
        return super().weights(model) if model.built else {}


class WeightsOfNothing(WeightsOnly):
    def refuse_unbuilt(self, model: Any) -> None: ...

    def weights(self, model: Any) -> dict[str, Any]:
        return super().weights(model) if model.built else {}


class MakesAFileFirst(Archive):
    def refuse_unbuilt(self, model: Any) -> None: ...

    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        path.write_bytes(b"")
        Archive.refuse_unbuilt(self, model)


# --- wrong where saving fails ----------------------------------------------------------------------------------------


class OpensFirst(Archive):
    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        with open(path, "wb") as file:
            file.write(self.content(model, include_optimizer))


class LeavesTheRest(Archive):
    def content(self, model: Any, include_optimizer: bool) -> bytes:
        self.path.with_name("rest").write_bytes(b"")
        return super().content(model, include_optimizer)

    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        self.path = path
        super().save(model, path, include_optimizer=include_optimizer)
        path.with_name("rest").unlink()


class SavesWhatItCan(Archive):
    def save(self, model: Any, path: Path, *, include_optimizer: bool = True) -> None:
        with contextlib.suppress(Exception):
            super().save(model, path, include_optimizer=include_optimizer)


class WritesInPlace(Archive):
    def write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except OSError as error:
            raise FileWriteError(path=str(path), problem=str(error)) from error


class LeavesItToTheSystem(Archive):
    def write(self, path: Path, data: bytes) -> None:
        beside = path.with_name("beside")
        try:
            beside.write_bytes(data)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


class LosesWhatDoesNotFit(Archive):
    def write(self, path: Path, data: bytes) -> None:
        with contextlib.suppress(FileWriteError):
            super().write(path, data)


class MakesFolders(Archive):
    def write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        super().write(path, data)


class WritesOnce(Archive):
    def write(self, path: Path, data: bytes) -> None:
        if not path.exists():
            super().write(path, data)


# --- wrong where a file is damaged -----------------------------------------------------------------------------------


class LetsErrorsOut(Archive):
    @contextlib.contextmanager
    def reading(self, path: Path) -> Any:
        yield


class EndsTheProcess(Archive):
    @contextlib.contextmanager
    def reading(self, path: Path) -> Any:
        try:
            yield
        except (ValueError, OSError, EOFError, zipfile.BadZipFile):
            os.abort()


class ANewModelInstead(Archive):
    def parts(self, data: bytes) -> dict[str, Any]:
        try:
            return super().parts(data)
        except (ValueError, OSError, EOFError, zipfile.BadZipFile):
            return {"config": self.text(self.config(_another()))}

    def give(self, model: Any, parts: Any) -> None:
        if self.count(parts, "weight"):
            super().give(model, parts)


class FillsUpWithZeros(Archive):
    """Has no checksums: what is missing is 0."""

    def packed(self, parts: Any) -> bytes:
        head = {name: (array.dtype.str, array.shape) for name, array in parts.items()}
        return json.dumps(head).encode() + b"\n" + b"".join(array.tobytes() for array in parts.values())

    def parts(self, data: bytes) -> dict[str, Any]:
        head, _, rest = data.partition(b"\n")
        found = {}
        for name, (dtype, shape) in json.loads(head).items():
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            found[name] = np.frombuffer(rest[:size].ljust(size, b"\0"), dtype).reshape(shape)
            rest = rest[size:]
        return found


def _another() -> Any:
    from kcore.testing.plain_models import MODELS

    return MODELS["graph"]()


# --- wrong with names ------------------------------------------------------------------------------------------------


class Pickled(Archive):
    def content(self, model: Any, include_optimizer: bool) -> bytes:
        return pickle.dumps(model)

    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        return pickle.loads(path.read_bytes())


class AnyClassWillDo(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        return super().load(path, custom_objects={"Trap": PlainLayer, **(custom_objects or {})}, compile=compile)


class KnowsBetter(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        class Better(PlainLayer): ...

        given = custom_objects or {}
        return super().load(path, custom_objects={**given, **({"Trap": Better} if given else {})}, compile=compile)


class UnknownIsDamaged(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        try:
            return super().load(path, custom_objects=custom_objects, compile=compile)
        except MissingComponentsError as error:
            raise FileContentError(source=str(path), problem=str(error), expected="another") from error


class SaysNoName(Archive):
    def load(self, path: Path, *, custom_objects: Any = None, compile: bool = True) -> Any:
        try:
            return super().load(path, custom_objects=custom_objects, compile=compile)
        except MissingComponentsError as error:
            raise UnknownComponentError(family="layers", noun="layer", name="It") from error
