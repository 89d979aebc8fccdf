"""Losses: mean squared error and the cross-entropies, each as a function and as a class."""
