# `make` alone tells what there is. Needed on the machine: Python 3.11 to 3.14 with venv, make, git. Everything else is
# installed below this folder, from lock files with hashes; what is in place already costs nothing.

.DEFAULT_GOAL := help
.PHONY: help run up down test check lint format typecheck chaos chaos-stack fuzz build lock clean
.DELETE_ON_ERROR:

# The environments below are ours: bytecode makes every start after the first one faster. `make run` builds with make
# again, in SAM: this one's flags are not meant for it.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME MAKEFLAGS MFLAGS MAKELEVEL

DEVELOPMENT := .venv
EMULATOR := .local/emulator
SAM := .local/sam
FUZZER := .local/fuzzer
RIVALS := .local/rivals
UV := .local/uv

export SAM_CLI_TELEMETRY := 0
export UV_SYSTEM_CERTS := true
export UV_PYTHON_DOWNLOADS := never
export BUILD_PYTHON := $(CURDIR)/$(UV)/bin/python

help: ## what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '  %-20s %s\n' "$$target" "$$text"; done
	@echo
	@echo '  make run takes MODE=default_rules|service_group|carrier_service, GROUP=, SERVICE=, ORDERS=file.jsonl, JSON=1, PORT='

## Running it on this machine

# Only what stands on the command line: a PORT or MODE in the environment is meant for something else.
flag = $(if $(filter command,$(firstword $(origin $1))),$(if $($1),$2))
mode_flags = $(call flag,MODE,--mode "$$MODE") $(call flag,GROUP,--group "$$GROUP") $(call flag,SERVICE,--service "$$SERVICE")
port_flag = $(call flag,PORT,--port "$$PORT")

run: $(EMULATOR)/.synced $(SAM)/.synced ## start a local AWS, deploy the stack, allocate the sample orders, stop
	@exec $(EMULATOR)/bin/python -m cli.stack run $(mode_flags) $(port_flag) $(call flag,ORDERS,--orders "$$ORDERS") $(call flag,JSON,--json)

up: $(EMULATOR)/.synced $(SAM)/.synced ## the same without orders, and leave it running
	@exec $(EMULATOR)/bin/python -m cli.stack up $(mode_flags) $(port_flag)

down: $(EMULATOR)/.synced ## end what `make up` left running
	@exec $(EMULATOR)/bin/python -m cli.stack down

## Running it anywhere: the stack on AWS that STACK= names, or the one that `make up` left running here

.PHONY: redrive trace republish
operations = PYTHONPATH=layers/allocation exec $(EMULATOR)/bin/python -m cli.operations

redrive: $(EMULATOR)/.synced ## list the order DLQ; REASON=, MESSAGE= or ALL=1 sends orders again; DRY_RUN=1
	@$(operations) redrive $(call flag,STACK,--stack "$$STACK") $(call flag,REASON,--reason "$$REASON") \
		$(call flag,MESSAGE,--message "$$MESSAGE") $(call flag,ALL,--all "$$ALL") $(call flag,DRY_RUN,--dry-run "$$DRY_RUN")

trace: $(EMULATOR)/.synced ## tell the life of one order, ORDER=
	@$(operations) trace $(call flag,STACK,--stack "$$STACK") $(call flag,ORDER,--order "$$ORDER")

republish: $(DEVELOPMENT)/.synced ## send the events of ORDER='s records again, or of all SINCE= a moment; DRY_RUN=1
	@PYTHONPATH=layers/allocation exec $(DEVELOPMENT)/bin/python -m cli.operations republish \
		$(call flag,STACK,--stack "$$STACK") $(call flag,ORDER,--order "$$ORDER") $(call flag,SINCE,--since "$$SINCE") \
		$(call flag,DRY_RUN,--dry-run "$$DRY_RUN")

## The engine's catalogue

.PHONY: catalogue-check explain bench schemas
with_package = PYTHONPATH=layers/allocation exec $(DEVELOPMENT)/bin/python

catalogue-check: $(DEVELOPMENT)/.synced ## validate the catalogue FILE=; AGAINST= tells what changed, COMPILE= writes what functions read
	@$(with_package) -m cli.catalogue_check $(call flag,FILE,"$$FILE") $(call flag,AGAINST,--against "$$AGAINST") \
		$(call flag,COMPILE,--compile "$$COMPILE")

explain: $(DEVELOPMENT)/.synced ## why which carrier service takes CONSIGNMENT=file.json; MODE= GROUP= SERVICE= CATALOGUE= NOW=
	@$(with_package) -m cli.explain $(call flag,CONSIGNMENT,"$$CONSIGNMENT") $(mode_flags) \
		$(call flag,CATALOGUE,--catalogue "$$CATALOGUE") $(call flag,NOW,--now "$$NOW")

bench: $(RIVALS)/.synced ## measure the engine beside karrio and zen-engine
	@PYTHONPATH=layers/allocation:. exec $(RIVALS)/bin/python -m tests.benchmarks.bench

schemas: $(DEVELOPMENT)/.synced ## generate docs/events/*.schema.json anew after a change of the contracts
	@$(with_package) -m cli.event_schemas

## Working on it

test: $(DEVELOPMENT)/.synced $(EMULATOR)/.synced $(SAM)/.synced ## all tests, with branch coverage
	@exec $(DEVELOPMENT)/bin/python -m pytest tests --numprocesses auto --dist loadgroup --cov --cov-report=term

check: lint typecheck test ## lint, format, types and tests, as in CI

lint: $(DEVELOPMENT)/.synced ## what ruff objects to, format included
	@$(DEVELOPMENT)/bin/ruff check .
	@$(DEVELOPMENT)/bin/ruff format --check .

format: $(DEVELOPMENT)/.synced ## put the code in ruff's format
	@$(DEVELOPMENT)/bin/ruff check --quiet --fix-only .
	@$(DEVELOPMENT)/bin/ruff format .

typecheck: $(DEVELOPMENT)/.synced ## what mypy objects to
	@$(DEVELOPMENT)/bin/mypy

chaos: $(DEVELOPMENT)/.synced ## faults and kills at every step, in HISTORIES= simulated histories, from SEED= on
	@exec $(DEVELOPMENT)/bin/python -m tests.simulation $(call flag,HISTORIES,--histories "$$HISTORIES") \
		$(call flag,SEED,--first-seed "$$SEED")

chaos-stack: $(DEVELOPMENT)/.synced $(EMULATOR)/.synced $(SAM)/.synced ## ORDERS= through a local stack whose PRO fails every fifth call
	@exec $(DEVELOPMENT)/bin/python -m tests.end_to_end.pro_chaos $(call flag,ORDERS,--orders "$$ORDERS")

fuzz: $(FUZZER)/.synced ## fuzz what the functions read, with INPUTS= inputs a target
	@exec $(FUZZER)/bin/python -m tests.fuzz $(call flag,INPUTS,--inputs "$$INPUTS")

build: $(SAM)/.synced ## build for AWS as `sam build` does; then: sam deploy --guided
	@exec $(SAM)/bin/sam build

LOCKED := $(basename $(wildcard layers/*/requirements.in requirements/*.in))

lock: $(UV)/.synced ## lock the requirements anew after a change in a *.in
	@for locked in $(LOCKED); do $(UV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command 'make lock' "$$locked.in" --output-file "$$locked.txt" || exit; done

clean: ## remove all that was built or installed here
	@rm -rf .aws-sam .local .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

## Environments. The stamp lies inside and is written last: what was interrupted or lost is made anew.

ENVIRONMENTS := $(DEVELOPMENT) $(EMULATOR) $(SAM) $(FUZZER) $(RIVALS) $(UV)
.PHONY: $(foreach environment,$(ENVIRONMENTS),$(if $(wildcard $(environment)/bin/python),,$(environment)/.synced))

$(DEVELOPMENT)/.synced: requirements/development.txt
$(EMULATOR)/.synced: requirements/emulator.txt
$(SAM)/.synced: requirements/sam.txt
$(FUZZER)/.synced: requirements/fuzz.txt
$(RIVALS)/.synced: requirements/benchmark.txt
$(DEVELOPMENT)/.synced $(EMULATOR)/.synced $(SAM)/.synced $(FUZZER)/.synced $(RIVALS)/.synced: $(UV)/.synced
	@echo "Installing $(filter requirements/%,$^) in $(@D) ..." >&2
	@test -e $@ -a -x $(@D)/bin/python || \
		$(UV)/bin/uv venv --quiet --clear --relocatable --python $(UV)/bin/python $(@D)
	@rm -f $@
	@$(UV)/bin/uv pip sync --quiet --require-hashes --python $(@D)/bin/python $(filter requirements/%,$^)
	@touch $@

FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

$(UV)/.synced: requirements/uv.txt
	@echo "Installing $< in $(@D) ..." >&2; rm -rf $(@D)
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		"$$python" -c '$(FITS)' 2>/dev/null && exec "$$python" -m venv $(@D); done; \
	echo 'Needed: Python 3.11 to 3.14 with venv. Install it (Debian, Ubuntu: apt install python3-venv) and try again.' >&2; exit 1
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $< >&2
	@touch $@
