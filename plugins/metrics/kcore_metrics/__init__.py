"""Metrics: losses as metrics, accuracies, counts of decisions. They stream, and are exact whatever the batches."""
