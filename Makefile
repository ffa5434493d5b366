# `make` without a target lists the targets. Needed on the machine: Python 3.11 to 3.14 with venv, make, git. Everything else is
# installed below this folder, from lock files with hashes. What is in place already costs nothing.

.DEFAULT_GOAL := help
.PHONY: help run up down bench test test-long check lint scan sbom format typecheck chaos chaos-stack fuzz screenshots build lock clean
.DELETE_ON_ERROR:

# The environments below are ours: bytecode makes every start after the first one faster. `make run` builds with make
# again, in SAM: this one's flags are not meant for it.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME MAKEFLAGS MFLAGS MAKELEVEL

DEVELOPMENT := .venv
CARRIER := .local/carrier
EMULATOR := .local/emulator
SAM := .local/sam
FUZZER := .local/fuzzer
RIVALS := .local/rivals
SCANNERS := .local/scan
RUNTIME := .local/runtime
RECIPE := .local/recipe
UV := .local/uv

export SAM_CLI_TELEMETRY := 0
export UV_SYSTEM_CERTS := true
export UV_PYTHON_DOWNLOADS := never
export BUILD_PYTHON := $(CURDIR)/$(UV)/bin/python

## Variables: a target takes those that stand here, and a name that no target of the call knows is an error

VARIABLES_run := MODE GROUP SERVICE ALLOCATOR PRO_URL PRO_KEY CATALOGUE ORDERS JSON PORT
VARIABLES_up := MODE GROUP SERVICE ALLOCATOR PRO_URL PRO_KEY CATALOGUE PORT CONSOLE
VARIABLES_chaos := SEEDS
VARIABLES_chaos-stack := ORDERS
VARIABLES_fuzz := INPUTS
VARIABLES_bench := QUICK RIVALS

# Only what stands on the command line: a PORT or MODE in the environment is meant for something else.
is_given = $(filter command,$(firstword $(origin $1)))
goals := $(or $(MAKECMDGOALS),help)
known := $(sort $(foreach goal,$(goals),$(VARIABLES_$(goal))))
unknown := $(filter-out $(known),$(foreach name,$(.VARIABLES),$(if $(call is_given,$(name)),$(name))))
ifneq ($(unknown),)
$(error `make $(goals)` does not know $(unknown). It knows $(or $(known),no variables))
endif

# $(call flag,NAME,option): the option if the variable is given; $(call switch,NAME,option): if it is on.
flag = $(if $(call is_given,$1),$(if $($1),$2))
ON := 1 yes Yes YES true True TRUE on On ON
OFF := 0 no No NO false False FALSE off Off OFF
switch = $(if $(call is_given,$1),$(if $(filter $(ON),$($1)),$2,$(if $(filter-out $(OFF),$($1)),$(error $1=$($1): write 1 or 0))))
mode_flags = $(call flag,MODE,--mode "$$MODE") $(call flag,GROUP,--group "$$GROUP") $(call flag,SERVICE,--service "$$SERVICE")
pro_flags = $(call flag,ALLOCATOR,--allocator "$$ALLOCATOR") $(call flag,PRO_URL,--pro-url "$$PRO_URL") $(call flag,PRO_KEY,--pro-key "$$PRO_KEY")
catalogue_flag = $(call flag,CATALOGUE,--catalogue "$$CATALOGUE")
port_flag = $(call flag,PORT,--port "$$PORT")

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '  %-17s %s\n' "$$target" "$$text"; done
	@echo
	@echo 'make run takes MODE=, GROUP=, SERVICE=, ALLOCATOR=pro, PRO_URL=, PRO_KEY=, CATALOGUE=file.yaml,'
	@echo 'ORDERS=file.jsonl, JSON=1 and PORT=:'
	@echo 'see ./carrier run --help. For all else: ./carrier --help'

## The program, under shorter names

run: ## allocate the sample orders on a local stack: `./carrier run`
	@exec ./carrier run $(mode_flags) $(pro_flags) $(catalogue_flag) $(port_flag) $(call flag,ORDERS,--orders "$$ORDERS") $(call switch,JSON,--json)

up: ## start a local stack and leave it running: `./carrier up`
	@exec ./carrier up $(mode_flags) $(pro_flags) $(catalogue_flag) $(port_flag) $(call switch,CONSOLE,--console)

down: ## end what `make up` left running: `./carrier down`
	@exec ./carrier down

bench: ## cost, waits and cold starts beside a tutorial's: `./carrier bench`; QUICK=1 in minutes, RIVALS=1 other engines
	@exec ./carrier bench $(call switch,QUICK,--quick) $(call switch,RIVALS,--rivals)

## Working on it

TESTED := $(DEVELOPMENT)/.synced $(CARRIER)/.synced $(EMULATOR)/.synced $(SAM)/.synced
run_tests = $(DEVELOPMENT)/bin/python -m pytest tests --numprocesses auto

test: $(TESTED) ## all tests, with branch coverage
	@exec $(run_tests) --cov --cov-report=term

test-long: $(TESTED) ## those that hunt for faults, with many more cases
	@TEST_SIZE=long exec $(run_tests)

check: lint typecheck generated test ## lint, format, types, generated files and tests, as in CI

.PHONY: generated
generated: ## what is generated from code and stale: `./carrier generate --check`
	@./carrier generate --check

lint: $(DEVELOPMENT)/.synced ## what ruff objects to, format included, and imports between rooms
	@$(DEVELOPMENT)/bin/ruff check .
	@$(DEVELOPMENT)/bin/ruff format --check .
	@PYTHONPATH=layers/allocation:. $(DEVELOPMENT)/bin/lint-imports --no-cache --no-logo

scan: $(DEVELOPMENT)/.synced $(SCANNERS)/.synced ## what scanners object to: code, template, credentials, advisories
	@exec .ci/scan

sbom: $(SCANNERS)/.synced ## what is deployed, a CycloneDX bill of materials for each layer, in .local/sbom
	@mkdir -p .local/sbom
	@for locked in layers/*/requirements.txt; do $(SCANNERS)/bin/cyclonedx-py requirements --output-reproducible --of JSON \
		-o ".local/sbom/$$(basename "$$(dirname "$$locked")").cdx.json" "$$locked" || exit; done
	@ls .local/sbom/*.cdx.json

format: $(DEVELOPMENT)/.synced ## put the code in ruff's format
	@$(DEVELOPMENT)/bin/ruff check --quiet --fix-only .
	@$(DEVELOPMENT)/bin/ruff format .

typecheck: $(DEVELOPMENT)/.synced ## what mypy objects to
	@$(DEVELOPMENT)/bin/mypy

chaos: $(DEVELOPMENT)/.synced ## faults and kills at every step, in simulated histories, SEEDS=first..last, counted in docs/proof.md
	@exec $(DEVELOPMENT)/bin/python -m tests.simulation $(call flag,SEEDS,--seeds "$$SEEDS")

chaos-stack: $(DEVELOPMENT)/.synced $(CARRIER)/.synced $(EMULATOR)/.synced $(SAM)/.synced ## ORDERS= through a local stack whose PRO fails every fifth call
	@PYTHONPATH=layers/allocation exec $(DEVELOPMENT)/bin/python -m tests.end_to_end.pro_chaos $(call flag,ORDERS,--orders "$$ORDERS")

fuzz: $(FUZZER)/.synced ## fuzz what the functions read, with INPUTS= inputs a target
	@exec $(FUZZER)/bin/python -m tests.fuzz $(call flag,INPUTS,--inputs "$$INPUTS")

screenshots: $(DEVELOPMENT)/.synced ## the console's pictures in docs/console, by Chromium
	@PYTHONPATH=layers/allocation exec $(DEVELOPMENT)/bin/python -m tests.end_to_end.console_screenshots

build: $(SAM)/.synced ## build for AWS as `sam build` does; then: sam deploy --guided
	@exec $(SAM)/bin/sam build

LOCKED := $(basename $(wildcard layers/*/requirements.in requirements/*.in))

lock: $(UV)/.synced ## lock the requirements, after a change in a *.in
	@for locked in $(LOCKED); do $(UV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command 'make lock' "$$locked.in" --output-file "$$locked.txt" || exit; done

clean: ## end a running stack, and remove all that was built or installed here
	@if test -s .local/stack.lock; then ./carrier down; fi
	@rm -rf .aws-sam .local .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

## Environments. The stamp lies inside and is written last: what was interrupted or lost is made again.

ENVIRONMENTS := $(DEVELOPMENT) $(CARRIER) $(EMULATOR) $(SAM) $(FUZZER) $(RIVALS) $(RUNTIME) $(RECIPE) $(SCANNERS) $(UV)
.PHONY: $(foreach environment,$(ENVIRONMENTS),$(if $(wildcard $(environment)/bin/python),,$(environment)/.synced))

$(DEVELOPMENT)/.synced: requirements/development.txt
$(CARRIER)/.synced: requirements/carrier.txt
$(EMULATOR)/.synced: requirements/emulator.txt
$(SAM)/.synced: requirements/sam.txt
$(FUZZER)/.synced: requirements/fuzz.txt
$(RIVALS)/.synced: requirements/benchmark.txt
$(SCANNERS)/.synced: requirements/scan.txt
$(RUNTIME)/.synced: requirements/runtime.txt
$(RECIPE)/.synced: requirements/recipe.txt
$(DEVELOPMENT)/.synced $(CARRIER)/.synced $(EMULATOR)/.synced $(SAM)/.synced $(FUZZER)/.synced $(RIVALS)/.synced $(RUNTIME)/.synced $(RECIPE)/.synced $(SCANNERS)/.synced: $(UV)/.synced
	@echo "Installing $(filter requirements/%,$^) in $(@D) ..." >&2
	@test -e $@ -a -x $(@D)/bin/python || \
		$(UV)/bin/uv venv --quiet --clear --relocatable --python $(UV)/bin/python $(@D)
	@rm -f $@
	@$(UV)/bin/uv pip sync --quiet --require-hashes --python $(@D)/bin/python $(filter requirements/%,$^)
	@touch $@

FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

$(UV)/.synced: requirements/uv.txt
	@echo "Installing $< in $(@D) ..." >&2; rm -rf $(@D)
	@# The system's own comes first: docs/decisions/0144-the-systems-python-first.md.
	@for python in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
		"$$python" -c '$(FITS)' 2>/dev/null && exec "$$python" -m venv $(@D); done; \
	echo 'Needed: Python 3.11 to 3.14 with venv. Install it (Debian, Ubuntu: apt install python3-venv) and try again.' >&2; exit 1
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $< >&2
	@touch $@
