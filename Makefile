# Everything runs in .venv, which is made when needed: a bare Python 3.11 or newer with pip is enough.
#
#   make forecast   train, evaluate, export and report one LSTM on a real series
#   make test       the tests that take seconds; warnings are errors, examples in docstrings are tests
#   make test-all   the rest: slow tests, every recipe, all random draws; .ci/run calls it after test
#   make test-baselines   the tests of statsforecast, in an environment of their own
#   make lint       formatting, types, import directions, generated tables
#   make tables     write the tables of results again from the recorded runs
#   make bench      measure against the peers; rewrites benchmarks/results.md
#   make bench-forecasting   forecast beside the peers, for hours; goes on where it was left
#   make docs       the documentation site, into site/
#   make notebooks  run the example notebooks again, from docs/notebooks/*.py
#   make wheel      the wheel and the source archive, into dist/
#
# PYTHON names the interpreter to make .venv with, PYTEST_ARGS is passed on to pytest,
# KRR_TESTS=random lets test-all draw new random cases.

PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
BASELINES ?= .venv-baselines
BIN := $(VENV)/bin
PYTEST_ARGS ?=
RUN_DIR ?= runs/co2
KRR_TESTS ?= thorough
METADATA := setup.cfg pyproject.toml
# Recorded runs: of every family, and those whose rows are in the README.
FAMILIES := $(patsubst recipes/%/results,%,$(wildcard recipes/*/results))
RESULTS := recipes/forecasting/results
HEADLINES := $(addprefix $(RESULTS)/,co2_lstm_seq2seq elnino_lstm_direct sunspots_lstm_recursive \
	chicago_gru_direct chicago_simple_rnn_seq2seq chicago_simple_rnn_next_day \
	chicago_multivariate_next_day cif2016_lstm_seq2seq m4_hourly_lstm_seq2seq nn5_lstm_seq2seq \
	tourism_lstm_seq2seq)
UPDATE := import sys; from keras_rnn_recipes.workflows.tables import update_table; \
	update_table(sys.argv[2:], sys.argv[1])
# Pages with single figures of recorded runs in their text.
PAGES := README.md docs/guides/shapes.md
FIGURES := import sys; from keras_rnn_recipes.workflows import figures; \
	[getattr(figures, sys.argv[1])(page, "recipes") for page in sys.argv[2:]]

.PHONY: help forecast test test-all test-baselines lint format tables bench bench-forecasting docs \
	notebooks wheel clean

help:
	@sed -n 's/^#   //p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: name a newer one with PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Stamps: installed again only when the metadata changes. Editable, so that edits need no install.
$(VENV)/.installed: $(METADATA) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(METADATA) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(METADATA) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: benchmarks/requirements.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

# The peers' libraries and this package's do not go together: they have an environment of their own.
$(PEERS)/.installed: benchmarks/forecasting/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# statsforecast takes pandas back to 2.x.
$(BASELINES)/.installed: $(METADATA)
	$(PYTHON) -m venv $(BASELINES)
	$(BASELINES)/bin/python -m pip install --quiet --disable-pip-version-check \
		-e '.[baselines]' hypothesis pytest pytest-timeout
	@touch $@

forecast: $(VENV)/.installed
	$(BIN)/krr run forecasting/co2_lstm_seq2seq --run-dir $(RUN_DIR) --overwrite

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow" $(or $(PYTEST_ARGS),-n 2 --dist worksteal)

# Three at a time, since some of these tests wait for processes that they start and kill.
test-all: $(VENV)/.installed-dev
	KRR_TESTS=$(KRR_TESTS) $(BIN)/python -m pytest -m "slow or hypothesis" $(or $(PYTEST_ARGS),-n 3 --dist worksteal)

test-baselines: $(BASELINES)/.installed
	$(BASELINES)/bin/python -m pytest tests/evaluation/test_statistical.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(foreach family,$(FAMILIES),$(BIN)/krr table recipes/$(family)/results \
		--check recipes/$(family)/README.md &&) true
	$(BIN)/krr table $(HEADLINES) --check README.md
	$(BIN)/python -c '$(FIGURES)' check_figures $(PAGES)
	$(BIN)/python -m benchmarks.forecasting.table --check

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tables: $(VENV)/.installed
	$(foreach family,$(FAMILIES),$(BIN)/python -c '$(UPDATE)' recipes/$(family)/README.md \
		recipes/$(family)/results &&) true
	$(BIN)/python -c '$(UPDATE)' README.md $(HEADLINES)
	$(BIN)/python -c '$(FIGURES)' update_figures $(PAGES)

bench: $(VENV)/.installed-bench
	$(BIN)/python benchmarks/run_all.py

bench-forecasting: $(VENV)/.installed $(PEERS)/.installed
	$(BIN)/python -m benchmarks.forecasting.run --peers-python $(PEERS)/bin/python $(BENCH_ARGS)

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Each runs in a folder of its own, so that what it writes does not stay in the checkout.
notebooks: $(VENV)/.installed-docs
	$(BIN)/python docs/generate/run_notebooks.py $(NOTEBOOKS)

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
