# Every command is one process: `make` starts Python, and Python becomes what was asked for. So a signal to make,
# Ctrl-C or a killed make ends everything. launch/bootstrap.py says what happens first, launch/__main__.py the rest.
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3),python3.11)
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test train bench rotate link lint fmt clean

run test train bench rotate lint fmt:
	@$(PYTHON) -m launch.bootstrap $@

link:
	@$(PYTHON) -m launch.bootstrap link "$(REFERENCE)"

clean: # what was built; never var/, which holds data, keys and models
	rm -rf .venv .venv-rasa .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/artifacts

help:
	@echo "make run     build what is missing, then start the assistant on http://127.0.0.1:8000/"
	@echo "make test    everything that CI runs"
	@echo "make train   train and validate a model from nlu/ and stories/"
	@echo "make bench   measure this assistant beside stock Rasa"
	@echo "make rotate  seal everything stored under the newest of DATA_KEYS"
	@echo "make link REFERENCE=…   a fresh personal link for a referral"
	@echo "make lint    formatting, mistakes, types, floors        make fmt   put the formatting right"
	@echo "make clean   remove what was built (not var/)"
