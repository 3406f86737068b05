# make demo [ARGS="--model cnn"]      train on handwritten digits, write pictures to out/digits
# make test [ORACLE=0]                every test; ORACLE=0 does without PyTorch and its comparisons
# make mutants [ARGS="rows.py optim:"] break the code in 225 places, one at a time: does a test notice each? (half an hour)
# make fuzz [ARGS="calls --count 500"] the fuzzers, at length: captured steps, bad calls, damaged files, formulas, kernels, indices, kills
# make lint, make clean
#
# Everything is installed into .venv. PYTHON=python3.12 picks the interpreter it is made from.

PYTHON ?= python3
ORACLE ?= 1
ARGS ?=
PYTEST_ARGS ?= -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

VENV := .venv
PY := $(VENV)/bin/python

.PHONY: demo test fuzz mutants lint clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

demo: $(VENV)/with-demos
	@$(PY) demos/digits.py --out out/digits $(ARGS)

test: $(VENV)/with-dev $(if $(filter 0,$(ORACLE)),,$(VENV)/with-oracle)
	@cat $(VENV)/test-took 2>/dev/null || \
	    echo "The first run compiles some 2,000 kernels, about a second each and core; later runs load them."
	@begun=$$(date +%s); MICROGRADNET_ORACLE=$(ORACLE) $(PY) -m pytest $(PYTEST_ARGS) && \
	    echo "The last run took $$(( ($$(date +%s) - begun + 59) / 60 )) minutes." > $(VENV)/test-took

mutants: $(VENV)/with-dev $(VENV)/with-oracle
	@$(PY) -m tests.mutants $(ARGS)

fuzz: $(VENV)/with-dev
	@$(PY) -m tests.fuzz $(ARGS)

lint: $(VENV)/with-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

clean:
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .hypothesis .benchmarks .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each extra. The install is editable: a change of source needs no new install, a change of pyproject.toml does.
$(VENV)/with-%: pyproject.toml $(PY)
	@echo "Installing microgradnet[$*] into $(VENV) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(PY):
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
	    { echo "microgradnet needs Python 3.10 or newer with its venv module, which '$(PYTHON)' is not;" \
	           "name another with PYTHON=..."; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
