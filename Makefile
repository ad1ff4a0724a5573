# `make` prints its targets. Everything is set up on first use, in .venv and var/.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PDF ?=
TLS ?=
SETS ?=

.DEFAULT_GOAL := help
.PHONY: help demo run test long check format lint types contracts migrations bench drill race hsm-faults faults faults-planted soak fuzz mutation proofs vendor lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(READY)  ## sign a document end to end: make demo [PDF=file] [TLS=1]
	@$(BIN)/qes demo $(if $(TLS),--tls) $(if $(PDF),--pdf "$(PDF)")

run: $(READY)  ## serve on http://localhost:8000 until Ctrl-C: make run [TLS=1]
	@$(BIN)/qes run $(if $(TLS),--tls)

test: $(READY)  ## the tests
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not long"

long: $(READY)  ## the tests that take minutes each: kills, races, nodes, conformance
	@$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadfile -m long

check: format lint types contracts migrations test long  ## all that CI runs

format: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

migrations: $(READY)
	@$(BIN)/python -m pytest -q tests/test_migrations.py

bench: $(READY)  ## what a transaction costs and where it goes
	@for part in transaction finish verify hsm documents delivery waiting; do \
	  echo; echo "benchmarks.$$part"; \
	  $(BIN)/python -m benchmarks.$$part || exit 1; \
	done

drill: $(READY)  ## an algorithm ends: what is refused, what is used, what becomes of old files
	@$(BIN)/python -m pytest -q tests/drills

race:  ## the free tier's last place, 64 threads × 200 rounds; two SAM nodes at one transaction, 1 000 times
	@QUOTA_RACE_ROUNDS=200 $(BIN)/python -m pytest -q tests/app/plans/test_race.py
	@NODE_RACE_ROUNDS=1000 $(BIN)/python -m pytest -q tests/nodes/test_races.py

hsm-faults: $(READY)  ## every PKCS#11 error at every call of each ceremony
	@$(BIN)/python -m tests.hsm.shim.sweep

faults: $(READY)  ## processes killed at every place and at random: make faults [MINUTES=600] [SEED=1]
	@$(BIN)/python -m tests.faults.run --minutes $(or $(MINUTES),600) --seed $(or $(SEED),1)

faults-planted: $(READY)  ## does the harness find what is wrong? twelve planted bugs
	@nice $(BIN)/python -m tests.faults.planted

soak: $(READY)  ## many signatures by 8 clients, no error and no growth: make soak [SIGNATURES=10000]
	@$(BIN)/python -m benchmarks.soak --signatures $(or $(SIGNATURES),10000)

fuzz: $(READY)  ## every parser of foreign bytes: make fuzz [SECONDS=60] [TARGET="sam frame"]
	@$(BIN)/python -m tests.fuzz.run --seconds $(or $(SECONDS),60) $(if $(TARGET),--target "$(TARGET)")

mutation: $(READY)  ## which check could go unnoticed: make mutation [PATHS=openid4vp] [AGAIN=1]
	@nice $(BIN)/python -m tests.mutation.run $(or $(PATHS),openid4vp) $(if $(AGAIN),--again)

proofs: $(READY)  ## the verifier against more examples: make proofs [SETS=folder]
	@VALID_PRESENTATIONS=10000 PUBLISHED_SETS="$(SETS)" $(BIN)/python -m pytest -q \
	  tests/openid4vp/test_valid_presentations.py tests/openid4vp/test_wycheproof.py \
	  tests/openid4vp/test_published_examples.py tests/openid4vp/test_pkits.py

vendor: $(READY)  ## fetch pdf.js and the font again, by their hashes
	@$(BIN)/python -m tests.app.web.vendored

lock:  ## renew the lock files from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements-dev.txt

clean:  ## remove what set-up made: environment, keys, documents
	@rm -rf $(VENV) var

$(READY): pyproject.toml requirements-dev.txt
	@sh .ci/debian-packages
	@echo "Installing the locked Python packages into $(VENV) …"
	@python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
