# Needs git, make and Python 3.11 or newer. Each target makes what it needs; a second run takes seconds.

ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)) python3)
endif
BIN := .venv/bin

# The settings of somebody's shell must change neither what is installed nor what the tests see.
unexport PYTHONPATH PYTHONHOME PYTHONWARNINGS PYTEST_ADDOPTS VIRTUAL_ENV KCORE_PLUGINS

.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-smoke reference lint docs pages wheels template examples tutorial ci clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: ## train a small network on real digits, save it, load it again, evaluate it
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python tools/demo.py

test: ## run every test of the core and of the plugins
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python -m pytest -n auto --quiet

bench: ## measure kcore beside its peers (half an hour; 5 GB of environments; OPTIONS="--help" and others)
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python -m benchmarks $(OPTIONS)

bench-smoke: ## run the benchmark's kcore part in a few seconds, to see that it works
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python -m benchmarks --smoke

reference: ## record the reference numbers again from Keras and PyTorch (3 GB on disk)
	@$(PYTHON) tests/reference/record.py

lint: ## ruff, mypy, import-linter, the rules of the tree, and the stubs
	@$(PYTHON) tools/environment.py test lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/check_tree.py
	@$(BIN)/python tools/check_stubs.py

docs: ## check links and run the examples of every page
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python tools/check_docs.py

pages: ## write the pages of docs/ that are made from the code
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python tools/hooks_page.py
	@$(BIN)/python tools/registry_pages.py

tutorial: ## follow the tutorial in a clean environment, command by command
	@$(PYTHON) tools/environment.py test build
	@$(BIN)/python tools/tutorial.py

wheels: ## build every wheel and test each plugin in a clean environment
	@$(PYTHON) tools/environment.py test build
	@$(BIN)/python tools/wheels.py

template: ## bake the template of a plugin in all variants; install, test, lint and type-check them
	@$(PYTHON) tools/environment.py test lint build
	@$(BIN)/python tools/template.py

examples: ## test each example plugin in a clean environment, and move a model of theirs between environments
	@$(PYTHON) tools/environment.py test build
	@$(BIN)/python tools/example_plugins.py

ci: ## everything that must pass before a change goes in
	@.ci/run

clean: ## remove what the other targets made
	rm -rf .venv .venvs .reference-env runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
