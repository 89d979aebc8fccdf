"""Every error kcore raises on purpose. Each carries its data as attributes, not only as text."""

from __future__ import annotations

from kcore.errors.base import KcoreError as KcoreError
from kcore.errors.components import ConfigAttributeError as ConfigAttributeError
from kcore.errors.components import InvalidArgumentError as InvalidArgumentError
from kcore.errors.components import LabelShapeError as LabelShapeError
from kcore.errors.components import LabelValueError as LabelValueError
from kcore.errors.components import LayerCallError as LayerCallError
from kcore.errors.components import LayerInputError as LayerInputError
from kcore.errors.components import LayerStateError as LayerStateError
from kcore.errors.components import WeightsError as WeightsError
from kcore.errors.datasets import DatasetFormatError as DatasetFormatError
from kcore.errors.datasets import DatasetUnavailableError as DatasetUnavailableError
from kcore.errors.engine import GradientMismatchError as GradientMismatchError
from kcore.errors.engine import IllegalProgramError as IllegalProgramError
from kcore.errors.engine import NotDifferentiableError as NotDifferentiableError
from kcore.errors.engine import OperandError as OperandError
from kcore.errors.engine import TracingError as TracingError
from kcore.errors.engine import UnsupportedOperationError as UnsupportedOperationError
from kcore.errors.engine import VariableValueError as VariableValueError
from kcore.errors.models import GraphError as GraphError
from kcore.errors.models import NoSuchLayerError as NoSuchLayerError
from kcore.errors.recipe import RecipeError as RecipeError
from kcore.errors.registry import AmbiguousComponentError as AmbiguousComponentError
from kcore.errors.registry import BrokenComponentError as BrokenComponentError
from kcore.errors.registry import ConfigError as ConfigError
from kcore.errors.registry import DisabledComponentError as DisabledComponentError
from kcore.errors.registry import KcorePluginWarning as KcorePluginWarning
from kcore.errors.registry import NameTakenError as NameTakenError
from kcore.errors.registry import RegistrationError as RegistrationError
from kcore.errors.registry import SwitchError as SwitchError
from kcore.errors.registry import UnknownComponentError as UnknownComponentError
from kcore.errors.registry import UnknownFamilyError as UnknownFamilyError
from kcore.errors.saving import FileContentError as FileContentError
from kcore.errors.saving import FileReadError as FileReadError
from kcore.errors.saving import FileWriteError as FileWriteError
from kcore.errors.saving import MissingFileError as MissingFileError
from kcore.errors.saving import UnknownFormatError as UnknownFormatError
from kcore.errors.saving import UnsupportedByFormatError as UnsupportedByFormatError
from kcore.errors.training import DataLengthError as DataLengthError
from kcore.errors.training import DataShapeError as DataShapeError
from kcore.errors.training import DataStructureError as DataStructureError
from kcore.errors.training import DataTypeError as DataTypeError
from kcore.errors.training import EmptyDataError as EmptyDataError
from kcore.errors.training import NotCompiledError as NotCompiledError
from kcore.errors.warnings import KcoreWarning as KcoreWarning
