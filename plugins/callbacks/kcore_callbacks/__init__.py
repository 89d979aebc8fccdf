"""Callbacks: history, progress bar, CSV log, early stopping and checkpoints."""
