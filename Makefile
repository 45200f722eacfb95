# One command line per job; `make help` lists them.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: help demo test check bench score fixtures clean
help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/ready ## diagnose the built-in incident
	@$(BIN)/synack demo

test: $(VENV)/ready ## run all tests (needs tshark, tcpdump and chromium; as root also on real kernels)
	$(BIN)/pytest -n 2

check: $(VENV)/ready ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check synack tests
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/api.py

bench: $(VENV)/ready ## time synack beside tcpdump and tshark (9 GB of files; BENCH=options)
	$(BIN)/python benchmarks/run.py $(BENCH)

score: $(VENV)/ready ## hold synack against 1,000 random incidents whose truth is known (SCORE=options)
	$(BIN)/python benchmarks/score.py $(SCORE)

fixtures: $(VENV)/ready ## make the fixtures of the generator again
	@for story in fixtures/*/story.toml; do \
		$(BIN)/python -m synack.synth $$story -o $$(dirname $$story) || exit 1; done

clean: ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
