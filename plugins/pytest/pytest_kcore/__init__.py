"""A plugin for pytest that runs kcore's conformance suite on installed distributions."""
