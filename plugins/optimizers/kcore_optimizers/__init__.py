"""Optimizers: SGD with momentum, RMSprop and Adam."""
