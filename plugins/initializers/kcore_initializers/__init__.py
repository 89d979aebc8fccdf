"""Initializers: the values that weights start from."""
