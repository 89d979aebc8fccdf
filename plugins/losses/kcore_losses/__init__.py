"""Losses: all of Keras 2's, each as a function and as a class."""
