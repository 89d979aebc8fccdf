"""Regularizers: penalties on weights that are added to the loss."""
