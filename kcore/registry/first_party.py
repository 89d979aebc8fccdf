"""Which first-party distribution owns which bare names.

The table serves two ends: a bare name in it is its owner's whenever the owner is installed, whoever else claims it;
and when the owner is not installed, the error for the name can say what to install.
"""

from __future__ import annotations

from typing import Final

# Family -> distribution -> names.
FIRST_PARTY: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "layers": {
        "kcore": ("InputLayer", "Sequential", "Functional", "Model"),
        "kcore-layers": (
            "Dense",
            "Activation",
            "Dropout",
            "Flatten",
            "Reshape",
            "Conv2D",
            "Convolution2D",
            "MaxPooling2D",
            "MaxPool2D",
            "Conv1D",
            "Convolution1D",
            "GlobalMaxPooling1D",
            "GlobalMaxPool1D",
            "UpSampling2D",
            "BatchNormalization",
            "Embedding",
            "LSTM",
            "GRU",
            "Add",
            "Subtract",
            "Multiply",
            "Average",
            "Maximum",
            "Minimum",
            "Concatenate",
            "Dot",
            "add",
            "subtract",
            "multiply",
            "average",
            "maximum",
            "minimum",
            "concatenate",
            "dot",
            "Lambda",
        ),
    },
    "losses": {
        "kcore-losses": (
            "mean_squared_error",
            "mse",
            "MSE",
            "MeanSquaredError",
            "binary_crossentropy",
            "BinaryCrossentropy",
            "categorical_crossentropy",
            "CategoricalCrossentropy",
            "sparse_categorical_crossentropy",
            "SparseCategoricalCrossentropy",
        ),
    },
    "metrics": {
        "kcore-metrics": (
            "accuracy",
            "acc",
            "Accuracy",
            "binary_accuracy",
            "BinaryAccuracy",
            "categorical_accuracy",
            "CategoricalAccuracy",
            "sparse_categorical_accuracy",
            "SparseCategoricalAccuracy",
            "mean_absolute_error",
            "mae",
            "MAE",
            "MeanAbsoluteError",
            "mean_squared_error",
            "mse",
            "MSE",
            "MeanSquaredError",
        ),
    },
    "optimizers": {
        "kcore-optimizers": (
            "SGD",
            "sgd",
            "Adagrad",
            "adagrad",
            "Adadelta",
            "adadelta",
            "RMSprop",
            "rmsprop",
            "Adam",
            "adam",
            "AMSGrad",
            "amsgrad",
            "AdamW",
            "adamw",
            "Adamax",
            "adamax",
            "Nadam",
            "nadam",
            "Lion",
            "lion",
            "Ftrl",
            "ftrl",
        ),
    },
    "schedules": {
        "kcore-optimizers": (
            "ExponentialDecay",
            "InverseTimeDecay",
            "PolynomialDecay",
            "PiecewiseConstantDecay",
            "CosineDecay",
            "CosineDecayRestarts",
        ),
    },
    "initializers": {
        "kcore-initializers": (
            "Zeros",
            "zeros",
            "zero",
            "Ones",
            "ones",
            "one",
            "Constant",
            "constant",
            "Identity",
            "identity",
            "IdentityInitializer",
            "RandomUniform",
            "random_uniform",
            "uniform",
            "RandomNormal",
            "random_normal",
            "normal",
            "TruncatedNormal",
            "truncated_normal",
            "Orthogonal",
            "orthogonal",
            "OrthogonalInitializer",
            "VarianceScaling",
            "variance_scaling",
            "GlorotUniform",
            "glorot_uniform",
            "GlorotNormal",
            "glorot_normal",
            "HeUniform",
            "he_uniform",
            "HeNormal",
            "he_normal",
            "LecunUniform",
            "lecun_uniform",
            "LecunNormal",
            "lecun_normal",
        ),
    },
    "regularizers": {
        "kcore-regularizers": (
            "L1",
            "l1",
            "L2",
            "l2",
            "L1L2",
            "l1l2",
            "l1_l2",
            "OrthogonalRegularizer",
            "orthogonal_regularizer",
        ),
    },
    "constraints": {
        "kcore-constraints": (
            "MaxNorm",
            "max_norm",
            "maxnorm",
            "NonNeg",
            "non_neg",
            "nonneg",
            "UnitNorm",
            "unit_norm",
            "unitnorm",
            "MinMaxNorm",
            "min_max_norm",
            "RadialConstraint",
            "radial_constraint",
        ),
    },
    "callbacks": {
        "kcore-callbacks": ("History", "ProgbarLogger", "CSVLogger", "EarlyStopping", "ModelCheckpoint"),
    },
    "activations": {
        "kcore-activations": (
            "softmax",
            "relu",
            "elu",
            "selu",
            "softplus",
            "sigmoid",
            "hard_sigmoid",
            "softsign",
            "tanh",
            "linear",
            "exponential",
            "silu",
            "swish",
            "gelu",
            "mish",
            "celu",
            "squareplus",
            "log_sigmoid",
            "tanh_shrink",
            "leaky_relu",
            "relu6",
            "hard_tanh",
            "hard_silu",
            "hard_swish",
            "hard_shrink",
            "soft_shrink",
            "threshold",
            "sparse_plus",
            "sparse_sigmoid",
            "log_softmax",
            "sparsemax",
            "glu",
        ),
    },
    "datasets": {"kcore-datasets": ("digits", "fashion_mnist", "mnist")},
    "backends": {"kcore": ("numpy",)},
    "formats": {"kcore": ("h5", "hdf5", "json")},
}

_OWNERS: Final = {
    (family, name): distribution
    for family, distributions in FIRST_PARTY.items()
    for distribution, names in distributions.items()
    for name in names
}


def owner(family: str, name: str) -> str | None:
    """The first-party distribution that the bare name belongs to."""
    return _OWNERS.get((family, name))


def first_party_names(family: str) -> list[str]:
    """Every bare name of the family that belongs to a first-party distribution."""
    return [name for names in FIRST_PARTY.get(family, {}).values() for name in names]


def families_with(name: str) -> list[str]:
    """The families in which a first-party distribution owns the name."""
    return [family for family in FIRST_PARTY if (family, name) in _OWNERS]
