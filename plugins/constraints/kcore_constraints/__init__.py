"""Constraints: projections of weights after each step of the optimizer."""
