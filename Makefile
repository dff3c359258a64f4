# Each command sets up what it needs, once, and ends non-zero with one line that says what to do.
# PORT= and DATA_DIR= let several shops run side by side; PYTHON= names the Python to start from.
# What a person types is asked for by $(value …) alone and goes on through the environment: plain $(…) would run what it holds.

.DEFAULT_GOAL := help
.PHONY: $(shell awk -F: '/^[a-z-]+:.*\#\# / {print $$1}' Makefile)

tool = @exec sh tools/python.sh -m tools.setup

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

setup: ## install all that any of these needs, and run nothing (DRY_RUN=1 only says what)
	$(tool) all $(if $(value DRY_RUN),--dry-run)

up: ## run the whole shop at http://localhost:8080 (PORT=, DATA_DIR=, DATABASE_URL=); Ctrl-C stops it
	$(tool) page local.up

dev: ## run the shop while you change it: the backend starts again, Vite serves the page at PORT+5; Ctrl-C stops all
	$(tool) packages local.up --changing

test: ## run every check and test there is
	$(tool) packages checks test

slo: ## regenerate what follows from slo.yaml (rules, dashboards, thresholds, documents), and test the rules
	$(tool) python slo

lint: ## check format, lint rules, types and the direction of imports
	$(tool) packages checks lint

fmt: ## format all code, and fix what can be fixed by itself
	$(tool) packages checks fmt

build: ## build the front end into frontend/dist
	$(tool) page

bench: ## measure the shop against its performance targets
	$(tool) page bench

load: ## load a shop of its own, or HOST=, by SCENARIO= (docs/load.md), and judge it by slo.yaml (DRY_RUN=1 only says how)
	$(tool) $(if $(value HOST)$(value DRY_RUN),python,page) load $(if $(value DRY_RUN),--dry-run)

load-report: ## run the scenarios (SCENARIO=a,b for some) and write their figures and plots into docs/performance.md
	$(tool) $(if $(value HOST),python,page) load.report

screenshots: ## take the pictures in docs/screenshots from a shop of its own
	$(tool) page screenshots

synth: ## write and check AWS templates (cdk.out) and manifests (dist) of dev and prod (ENV=dev for one)
	$(tool) aws synth

deploy-emulated: ## deploy dev and prod into an emulated AWS on this machine, look at them, and destroy them
	$(tool) aws checks deploy-emulated

deploy: ## bring ENV=dev or prod on AWS to this commit, tested at its address (DRY_RUN=1 only says how)
	$(tool) aws release.deploy $(if $(value DRY_RUN),--dry-run)

stacks: ## deploy the stacks of this commit for ENV=dev or prod, and no more, as for the first time (DRY_RUN=1 only says how)
	$(tool) aws release.deploy --stacks $(if $(value DRY_RUN),--dry-run)

push: ## build and push the images of this commit for ENV=dev or prod, and no more (DRY_RUN=1 only says how)
	$(tool) aws release.deploy --images $(if $(value DRY_RUN),--dry-run)

promote: ## copy the images of this commit that dev sold with to ENV=prod, and no more (DRY_RUN=1 only says how; needs gh)
	$(tool) python release.promote $(if $(value DRY_RUN),--dry-run)

gate: ## ask whether the error budgets of ENV=dev or prod let this commit out, as deploy does of prod (CHANGE=, BOOTSTRAP=)
	$(tool) aws release.deploy --gate $(if $(value DRY_RUN),--dry-run)

green: ## wait until GitHub's tests of COMMIT= have passed; for ENV=prod, until dev has had it too (needs gh)
	$(tool) python release.green

rollback: ## take ENV=dev or prod back to the release before (TO=COMMIT, UNDO=COMMIT; DRY_RUN=1 only says how)
	$(tool) python release.rollback $(if $(value DRY_RUN),--dry-run)

images: ## build both images for every platform, push none, and look into them for known holes (LAYERS=; DRY_RUN=1 only says how)
	$(tool) python release.images $(if $(value DRY_RUN),--dry-run)

destroy: ## take ENV=dev or prod on AWS down; prod keeps its data (DRY_RUN=1 only says how)
	$(tool) aws release.destroy $(if $(value DRY_RUN),--dry-run)

check-host: ## say whether HOST= is a shop of ours and SCENARIO= one that it can be loaded by
	$(tool) python load.hosts

changes: ## what this commit changes in AWS and the cluster since BASE=; with ENV=dev or prod, in that account (DRY_RUN=1 only says how)
	$(tool) $(if $(value ENV),aws,python) release.changes $(if $(value DRY_RUN),--dry-run)

dast: ## let OWASP ZAP look at a shop of its own (needs Docker)
	$(tool) page dast

audit: ## ask for known holes in every locked package of Python and npm
	$(tool) care care.audit

licences: ## list every package's licence in build/licences.md, and refuse those that nobody has allowed
	$(tool) python care.licences

upgrade: ## move every pin and lock within its first number, then run the tests (DRY_RUN=1 only says what could move)
	$(tool) care care.upgrade $(if $(value DRY_RUN),--dry-run)

hooks: ## have git check what is committed, by the same commands (.pre-commit-config.yaml)
	@sh tools/python.sh -m tools.setup care && .tools/care/bin/pre-commit install

shell-db: ## psql in the database of a running shop (DATA_DIR=, DATABASE_URL=)
	$(tool) python local.shell_db

grafana: ## open Grafana of ENV=dev or prod at http://localhost:3000, and say where its password is
	$(tool) python release.grafana

clean: ## remove what was installed, built and cached; the shop's data stays
	@rm -rf .venv .tools build cdk.out dist tools/*/node_modules frontend/node_modules frontend/dist
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
