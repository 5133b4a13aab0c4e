# Two commands on a fresh machine with Python 3.11+, git and make: `make demo` and `make test`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PIP_NO_WARN_SCRIPT_LOCATION := 1

.PHONY: demo serve test check checks bench simulate crash clean

demo: .venv/demo                ## the whole path on the bundled sample
	@$(BIN)/newsletter demo

serve: demo                     ## the web pages on the same sample, at http://localhost:8080
	@$(BIN)/newsletter web --config demo/config.toml --at 2026-04-23T14:00Z

test: .venv/dev                 ## all tests, with branch coverage
	OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=95

check: .venv/dev                ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

checks: .venv/dev               ## every letter through SpamAssassin, rspamd, axe, mjml, vnu, caniemail, Thunderbird (docs/checks.md)
	$(BIN)/python -m checks

bench: .venv/dev                ## the figures that the README names; ranking needs the data folder
	$(BIN)/python -m benchmarks.delivery
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.render
	$(BIN)/python -m benchmarks.ranking

simulate: .venv/dev             ## 400 days of 300 readers against an independent model
	$(BIN)/python -m benchmarks.simulation

crash: .venv/dev                ## kill -9 of the sender, 50 times in 2,000 digests and at each point, and of `newsletter up`, on both databases
	NEWSLETTER_CRASH_KILLS=50 NEWSLETTER_CRASH_MESSAGES=2000 NEWSLETTER_CRASH_MATRIX=1 $(BIN)/python -m pytest -n 0 -s tests/test_crash.py
	NEWSLETTER_KILLS=20 NEWSLETTER_KILL_READERS=300 $(BIN)/python -m pytest -n 0 -s tests/test_up_kill.py
	NEWSLETTER_KILLS=20 NEWSLETTER_KILL_READERS=300 NEWSLETTER_KILL_DATABASE=postgresql $(BIN)/python -m pytest -n 0 -s tests/test_up_kill.py

clean:                          ## back to a fresh clone
	rm -rf .venv demo data outbox preview checked

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one: make PYTHON=/path/to/python demo"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing: on Debian, apt install python3-venv"; exit 1; }

.venv/demo: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing into .venv (once) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock | .venv/demo
	@echo "Installing what the tests need (once) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP) check
	@touch $@
