# make demo   set up .venv and run the demo event        make test   set up .venv and run the tests
PY ?= python3
V := .venv
BIN := $(V)/bin
STAMP := $(V)/.ready
CORES ?= 2
# Packages on top of the lock.
add = if [ -x $(BIN)/uv ]; then VIRTUAL_ENV=$(CURDIR)/$(V) $(BIN)/uv pip install -q $(1); \
	else $(BIN)/python -m pip install -q $(1); fi

.PHONY: demo test cluster benchmark audit clean

demo: $(STAMP)
	$(BIN)/snakemake --configfile configs/demo.yaml --cores $(CORES)

test: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n $(CORES) --dist loadgroup

# SLURM on one node, in a few minutes. Needs root, and Debian's packages, which it installs; else the tests say what is missing.
cluster: $(V)/.cluster
	CLUSTER=1 $(BIN)/python -m pytest -rs tests/cluster tests/records

$(V)/.cluster: $(STAMP)
	@$(call add,-e '.[cluster]')
	@if [ "$$(id -u)" = 0 ] && ! PATH="$$PATH:/usr/sbin:/sbin" command -v slurmctld >/dev/null; then \
	  install="apt-get install -y -qq slurmctld slurmd slurm-client munge"; \
	  { $$install || { apt-get update -qq && $$install; }; } >/dev/null 2>&1 || echo "SLURM cannot be installed here"; \
	fi
	@touch $@

# Peers come on top of the lock, hence not into every environment.
benchmark: $(STAMP)
	@$(call add,-e '.[benchmarks]')
	$(BIN)/python -m pytest tests/benchmarks -s --benchmark-columns=median --benchmark-table

# Needs pypi.org itself, or an index with its vulnerability data: --strict fails where a package cannot be looked up.
audit: $(STAMP)
	@$(call add,pip-audit)
	$(BIN)/pip-audit -r requirements.lock --no-deps --disable-pip --strict

# The lock names no package index: pip's own settings, or UV_DEFAULT_INDEX, say where packages come from.
$(STAMP): pyproject.toml requirements.lock
	@echo "Setting up $(V): about half a minute, once"
	$(PY) -m venv $(V)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv || true
	@if [ -x $(BIN)/uv ]; then \
	  index="$${UV_DEFAULT_INDEX:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}"; \
	  if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	  export VIRTUAL_ENV=$(CURDIR)/$(V); \
	  $(BIN)/uv pip install -q --compile-bytecode -r requirements.lock && $(BIN)/uv pip install -q --no-deps -e .; \
	else \
	  $(BIN)/python -m pip install -q -r requirements.lock && $(BIN)/python -m pip install -q --no-deps -e .; \
	fi
	@touch $@

clean:
	rm -rf $(V) .snakemake demo
