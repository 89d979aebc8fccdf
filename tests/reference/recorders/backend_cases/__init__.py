"""What is recorded of the backend functions: the arguments, and how each library is called with them."""

from __future__ import annotations
