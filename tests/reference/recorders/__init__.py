"""One recorder per subject; each is run as a module inside the reference environment."""
