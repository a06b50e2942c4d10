# Four commands matter: `make serve`, `make demo`, `make test` and `make light`. Each makes its virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo
JOBS ?= 2
LIGHT ?= .venv-light
WEB ?= .venv-web
DOCS ?= .venv-docs
RELEASE ?= .venv-release
# What the bill of materials describes: what a hospital installs, as the container does.
SHIPPED ?= web,dicom,archive,oidc,client
# An adult's chest radiograph that travels in a package, so that nothing is downloaded.
SAMPLE := from pydicom.data import get_testdata_file as f; print(f('RG1_UNCR.dcm', download=False))

.PHONY: help serve demo test light lint format docs sbom clean

help:
	@echo "make serve  the workbench in your browser: drop a radiograph (no torch, no download but packages)"
	@echo "make demo   phantom data set, training, evaluation, HTML report (no download)"
	@echo "make test   all tests"
	@echo "make light  the reading install by itself, without torch, reads and examines itself"
	@echo "make lint   ruff, mypy --strict, import-linter"
	@echo "make docs   the documentation site, in site/"
	@echo "make sbom   the bill of materials (CycloneDX) of what a hospital installs, in dist/"
	@echo "make format apply ruff's formatting and safe fixes"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("neumo needs Python 3.11 to 3.13; set PYTHON=python3.12, say" if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (first time: some minutes) ..."
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev]"
	@touch $@

$(WEB)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(WEB)
	@echo "installing into $(WEB) (first time: less than a minute) ..."
	$(WEB)/bin/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[web]"
	@touch $@

serve: $(WEB)/.ready
	$(WEB)/bin/neumo serve

demo: $(READY)
	rm -rf $(DEMO)
	$(BIN)/neumo data phantom $(DEMO)/phantoms --per-class 120 --seed 7
	$(BIN)/neumo train experiments/demo.yaml --data $(DEMO)/phantoms --out $(DEMO)/run
	$(BIN)/neumo evaluate $(DEMO)/run --split test
	$(BIN)/neumo read "$$($(BIN)/python -c "$(SAMPLE)")" --allow-outside-range --html $(DEMO)/reading.html
	@echo "the HTML reading of a real radiograph: $(DEMO)/reading.html"

test: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder

light:
	$(PYTHON) -m venv --clear $(LIGHT)
	$(LIGHT)/bin/python -m pip install --disable-pip-version-check -q -c constraints.txt . "pydicom-data==1.0.0"
	! $(LIGHT)/bin/python -c "import torch" 2>/dev/null
	$(LIGHT)/bin/neumo doctor
	$(LIGHT)/bin/neumo read "$$($(LIGHT)/bin/python -c "$(SAMPLE)")" --allow-outside-range --json -

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(DOCS)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[docs]"
	@touch $@

docs: $(DOCS)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

$(RELEASE)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --disable-pip-version-check -q -c constraints.txt ".[release]"
	@touch $@

sbom: $(RELEASE)/.ready
	$(PYTHON) -m venv --clear --without-pip $(RELEASE)/shipped
	$(RELEASE)/bin/python -m pip --python $(RELEASE)/shipped/bin/python install --disable-pip-version-check -q -c constraints.txt ".[$(SHIPPED)]"
	mkdir -p dist
	$(RELEASE)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
	  -o dist/neumo.cdx.json $(RELEASE)/shipped/bin/python

clean:
	rm -rf $(VENV) $(LIGHT) $(WEB) $(DOCS) $(RELEASE) site $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
