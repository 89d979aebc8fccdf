"""Layers: fully connected, convolution, pooling, recurrent, embedding, normalization, dropout, shapes."""
