"""Layers: fully connected, convolution, pooling, dropout and layers that change the shape."""
