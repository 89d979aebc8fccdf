"""Activations: functions of an array that keep its shape."""
