# Everything a person does here. Needs Python 3.11 or newer and make; the rest is fetched into .venv and .tools.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# uv reads the certificates of the system, as pip does.
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench eval soak browser clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## the virtual environment with everything in it

.tools/uv: Makefile
	@$(PYTHON) tools/bootstrap.py $(UV_VERSION)

.venv/.ready: .tools/uv pyproject.toml uv.lock
	@.tools/uv sync --frozen --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

run: setup ## the whole product on this machine: http://127.0.0.1:8000
	@exec $(BIN)/kamhub up $(ARGS)

test: setup ## everything a pull request must pass, except lint
	@tools/ci/browser.sh
	@tools/ci/rsync.sh
	@$(BIN)/python tools/ci/test.py $(ARGS)

lint: setup ## style, types, import contracts, sizes, SQL, templates, secrets
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/lint/sizes.py src/kamhub
	@$(BIN)/squawk --config .squawk.toml src/kamhub/platform/database/migrations/*.sql
	@$(BIN)/djlint --quiet --lint src/kamhub
	@$(BIN)/betterleaks --no-banner --log-level warn --redact=100 --confidence=medium src bench eval tools docs deploy .ci .github Makefile pyproject.toml README.md
	@$(BIN)/betterleaks --no-banner --log-level warn --redact=100 --confidence=medium --disable-rule=generic-password,generic-username tests

bench: setup ## the numbers, as tables
	@$(BIN)/python -m bench $(ARGS)

eval: setup ## how well questions are answered, as tables
	@$(BIN)/python -m eval $(ARGS)

soak: setup ## kill tests at full size; takes a while
	@$(BIN)/python -m tests.system.soak $(ARGS)

clean: ## remove what was made here
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache htmlcov .coverage*
