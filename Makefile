# `make try` reads samples, `make serve` opens the workbench, `make test` runs all tests. Each makes its virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo
# Workers of pytest: one more than cores (eight at most), since each waits a quarter of its time for disks, servers and browsers.
JOBS ?= $(shell cores=$$(env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2); [ $$cores -lt 7 ] || cores=7; expr $$cores + 1)
# More arguments of pytest, and those that measure coverage.
PYTEST ?=
MEASURED := --cov --cov-report=
# Least coverage of lines, in percent.
FLOOR := 92
LIGHT ?= .venv-light
WEB ?= .venv-web
DOCS ?= .venv-docs
RELEASE ?= .venv-release
LOCK ?= .venv-lock
UV := 0.13.9

.PHONY: help try serve demo test fuzz coverage light lint format docs licences sbom release lock clean

help:
	@echo "make try    three sample radiographs are read (no torch, no download but packages)"
	@echo "make serve  the workbench in your browser: drop a radiograph (no torch, no download but packages)"
	@echo "make demo   phantom data set, training, evaluation, HTML report (no download)"
	@echo "make test   all tests"
	@echo "make fuzz   20,000 mutated images, uploads and DICOM messages; inputs that fail go to fuzz-failures/"
	@echo "make light  the reading install by itself, without torch, reads and examines itself"
	@echo "make lint   ruff, mypy --strict, import-linter; TypeScript, Biome and node --test over the front end"
	@echo "make docs   the documentation site, in site/"
	@echo "make licences  docs/reference/licences.md, from the installed packages"
	@echo "make sbom   the bill of materials (CycloneDX) of what a hospital installs, in dist/"
	@echo "make release TAG=vX.Y.Z  wheel, source distribution and bill of materials, in dist/"
	@echo "make lock   requirements/*.txt anew, after pyproject.toml or constraints.txt changed"
	@echo "make format apply ruff's formatting and safe fixes"

# Every version with its hashes, then neumo itself from this folder: $(call install,ENVIRONMENT,LOCK FILE).
define install
	@echo "installing into $(1) (first time: up to some minutes) ..."
	$(1)/bin/python -m pip install --disable-pip-version-check -q --no-deps --require-hashes -r requirements/$(2).txt
	$(1)/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation $(3) .
endef

$(READY): pyproject.toml requirements/dev.txt requirements/torch.txt
	$(PYTHON) -c 'import sys; sys.exit("neumo needs Python 3.11 to 3.13; set PYTHON=python3.12, say" if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements/torch.txt
	$(call install,$(VENV),dev,-e)
	@touch $@

$(WEB)/.ready: pyproject.toml requirements/web.txt
	$(PYTHON) -m venv $(WEB)
	$(call install,$(WEB),web,-e)
	@touch $@

try: $(WEB)/.ready
	$(WEB)/bin/neumo sample samples
	$(WEB)/bin/neumo read samples
	@$(WEB)/bin/neumo read samples --html samples/readings.html
	@echo "The same with heat maps: samples/readings.html. The workbench: make serve"

serve: $(WEB)/.ready
	$(WEB)/bin/neumo serve

demo: $(READY)
	rm -rf $(DEMO)
	$(BIN)/neumo data phantom $(DEMO)/phantoms --per-class 120 --seed 7
	$(BIN)/neumo train experiments/demo.yaml --data $(DEMO)/phantoms --out $(DEMO)/run
	$(BIN)/neumo evaluate $(DEMO)/run --split test
	$(BIN)/neumo sample $(DEMO)/samples
	$(BIN)/neumo read $(DEMO)/samples
	@$(BIN)/neumo read $(DEMO)/samples --html $(DEMO)/reading.html
	@echo "The three children's radiographs of the training data, with heat maps: $(DEMO)/reading.html"

# Tests start hundreds of processes: they share compiled modules, and one thread each is quickest where JOBS fill the cores.
test: export PYTHONDONTWRITEBYTECODE :=
test: export OMP_NUM_THREADS := 1
test: $(READY)
	@scripts/system_packages.sh
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder $(PYTEST)

# Inputs are numbered: FUZZ="--first 20000" tries others, and what failed says how to try it again.
FUZZ ?=
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.run $(FUZZ)

# After `make test PYTEST="$(MEASURED)"`.
coverage: $(READY)
	$(BIN)/coverage json -q -o .coverage.json
	$(BIN)/python scripts/coverage_floor.py .coverage.json $(FLOOR)

light:
	$(PYTHON) -m venv --clear $(LIGHT)
	$(call install,$(LIGHT),light)
	! $(LIGHT)/bin/python -c "import torch" 2>/dev/null
	$(LIGHT)/bin/neumo doctor
	$(LIGHT)/bin/neumo sample $(LIGHT)/samples
	$(LIGHT)/bin/neumo read $(LIGHT)/samples --json -

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Types, lint and unit tests of the workbench's scripts; `make lint` runs it where Node.js is there, CI requires it.
front: node_modules/.ready
	npm run --silent check

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	if command -v npm > /dev/null; then $(MAKE) --no-print-directory front; else echo "no npm: the front end's checks are left out"; fi

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(DOCS)/.ready: pyproject.toml requirements/docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(call install,$(DOCS),docs,-e)
	@touch $@

docs: $(DOCS)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

licences: $(READY)
	$(BIN)/python scripts/licences.py

$(RELEASE)/.ready: pyproject.toml requirements/release.txt
	$(PYTHON) -m venv $(RELEASE)
	$(call install,$(RELEASE),release)
	@touch $@

# Of what a hospital installs, as the container does.
sbom: $(RELEASE)/.ready
	$(PYTHON) -m venv --clear $(RELEASE)/server
	$(call install,$(RELEASE)/server,server)
	mkdir -p dist
	$(RELEASE)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
	  -o dist/neumo.cdx.json $(RELEASE)/server/bin/python

# The wheel reads a sample in an environment of its own.
release: sbom
	test "$(TAG)" = "v$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/neumo/__init__.py)" # the tag names the version
	grep -q "^## $(TAG:v%=%) - " CHANGELOG.md # and the changelog dates it
	rm -f dist/*.whl dist/*.tar.gz
	$(RELEASE)/bin/python -m build --no-isolation
	$(PYTHON) -m venv --clear $(RELEASE)/try
	$(RELEASE)/try/bin/python -m pip install --disable-pip-version-check -q --no-deps --require-hashes -r requirements/light.txt
	$(RELEASE)/try/bin/python -m pip install --disable-pip-version-check -q --no-deps dist/*.whl
	cd $(RELEASE)/try && bin/neumo doctor && bin/neumo sample samples && bin/neumo read samples

$(LOCK)/.ready:
	$(PYTHON) -m venv $(LOCK)
	$(LOCK)/bin/python -m pip install --disable-pip-version-check -q uv==$(UV)
	@touch $@

lock: $(LOCK)/.ready
	$(PYTHON) scripts/lock.py $(LOCK)/bin/uv

clean:
	rm -rf node_modules $(VENV) $(LIGHT) $(WEB) $(DOCS) $(RELEASE) $(LOCK) site samples $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
