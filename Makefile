# `make demo` and `make test` need only Python 3.10-3.13, g++, make, perl and the package registry.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    := build/digits

# Make's own flags and variables must not reach the makefiles of Verilator and cocotb that codesign runs.
ALONE  := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES

# One file of tests after another on each core: what a file sets up is set up once.
PARALLEL := -n auto --dist loadfile

.PHONY: demo test test-full test-keras2 test-origins lint bench-simulate bench-verify bench-rtl bench-estimate \
	bench-sweep calibrate calibrate-fmax measure-fmax format install clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed-all
	$(ALONE) $(BIN)/codesign run examples/digits.yml --out $(OUT)

test: $(VENV)/.installed-dev
	$(ALONE) $(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-full: $(VENV)/.installed-dev test-keras2 test-origins
	$(ALONE) $(BIN)/python -m pytest $(PARALLEL)

# Reading what the hls4ml of a Keras 2 environment made; TensorFlow 2.15 has no wheels for Python 3.12 and later.
test-keras2: $(VENV)/keras2/.installed
	$(VENV)/keras2/bin/python -m pytest -W ignore tests/keras2

# Reading what hls4ml made of PyTorch, ONNX and QONNX models.
test-origins: $(VENV)/origins/.installed
	$(VENV)/origins/bin/python -m pytest -W ignore tests/origins

lint: $(VENV)/.installed-dev
	@status=0; \
	for check in "ruff check ." "ruff format --check ." "mypy" "lint-imports --no-logo"; do \
	  echo "$$check"; $(BIN)/$$check || status=1; \
	done; exit $$status

bench-simulate: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python benchmarks/simulate.py

bench-verify: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python benchmarks/verify.py

# Takes about half an hour on two cores, most of it Yosys on the jet tagger.
bench-rtl: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python -m benchmarks.rtl

# rule4ml, which it compares with, is large; ESTIMATE=--without-rule4ml leaves it out.
bench-estimate: $(VENV)/.installed-all
	@$(if $(findstring --without-rule4ml,$(ESTIMATE)),true,$(MAKE) --no-print-directory $(VENV)/rule4ml/.installed) || \
	  echo "rule4ml cannot be installed; going on without it" >&2
	@$(ALONE) $(BIN)/python -m benchmarks.estimate $(ESTIMATE) \
	  $$(test -e $(VENV)/rule4ml/.installed || echo --without-rule4ml)

bench-sweep: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python -m benchmarks.sweep

# Yosys counts random networks for every family, which takes an hour on two cores; what was counted already is kept.
# Then the prices of the rtl flow, and the constants of the vitis flow, are fitted anew.
calibrate: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python -m benchmarks.calibration.collect
	$(ALONE) $(BIN)/python -m benchmarks.calibration.fit
	$(ALONE) $(BIN)/python -m benchmarks.calibration.layers
	$(ALONE) $(BIN)/python -m benchmarks.calibration.fit_quick
	$(ALONE) $(BIN)/python -m benchmarks.calibrate_vitis
	$(ALONE) $(BIN)/python -m benchmarks.calibrate_layers

# Needs nextpnr-ecp5, nextpnr-ice40 and nextpnr-himbaechel-gowin, or their yowasp- packages, on the PATH.
measure-fmax: $(VENV)/.installed-all
	$(ALONE) $(BIN)/python -m benchmarks.fmax

# Needs the same. Measures what codesign/estimate/data/fmax.json lacks: an hour or two for all of it.
calibrate-fmax: $(VENV)/.installed-all
	$(BIN)/python -m benchmarks.calibrate_fmax

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.installed-all

clean:
	rm -rf build $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	  echo "codesign needs Python 3.10 to 3.13, but $(PYTHON) is not one of them; name one that is:" \
	    "make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment; install its venv module" \
	    "(on Debian: apt install python3-venv) and run make again" >&2; exit 2; }
	@touch $@

$(VENV)/keras2/.installed: tests/keras2/requirements.txt | $(VENV)/.made
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] > (3, 11))' || { \
	  echo "TensorFlow with Keras 2 needs Python 3.10 or 3.11; name one: make PYTHON=python3.11 $@" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)/keras2
	$(VENV)/keras2/bin/python -m pip install --disable-pip-version-check -r $<
	@touch $@

$(VENV)/origins/.installed: tests/origins/requirements.txt | $(VENV)/.made
	$(PYTHON) -m venv $(VENV)/origins
	$(VENV)/origins/bin/python -m pip install --disable-pip-version-check -r $<
	@touch $@

$(VENV)/rule4ml/.installed: benchmarks/rule4ml/requirements.txt | $(VENV)/.made
	$(PYTHON) -m venv $(VENV)/rule4ml
	$(VENV)/rule4ml/bin/python -m pip install --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.installed-all: pyproject.toml | $(VENV)/.made
	$(BIN)/python -m pip install --disable-pip-version-check --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/.made
	$(BIN)/python -m pip install --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed-all
