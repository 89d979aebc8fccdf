"""Datasets: digits from scikit-learn's wheel; MNIST and Fashion-MNIST from IDX files. Nothing is downloaded."""
