"""Metrics: the accuracies and the regression errors. They stream, and are exact whatever the batches."""
