# How `sam build` makes each function and layer: in seconds, without Docker, and without the Python or the processor
# they are made for. SAM tells a Makefile neither Runtime nor Architecture, so template.yaml points it (ContextPath) at
# the Makefile in the folder that bears their names, and that name is read here: what is built is what is deployed.
#
# Environment variables, each optional:
#   BUILD_PYTHON    a Python that has pip; whichever version. Default: python3.
#   BUILD_PLATFORM  the platform tag of the wheels, where the functions run on something other than Lambda: a local run
#                   on macOS sets macosx_14_0_arm64 or the like. Default: manylinux2014 for the Architecture.

BUILD_PYTHON ?= python3
BUILD_PLATFORM ?= $(MANYLINUX_$(architecture))
MANYLINUX_arm64 := manylinux2014_aarch64
MANYLINUX_x86_64 := manylinux2014_x86_64

target := $(lastword $(filter python3.%,$(subst /, ,$(MAKEFILE_LIST))))
architecture := $(lastword $(subst -, ,$(target)))
python_version := $(patsubst python%,%,$(firstword $(subst -, ,$(target))))

.PHONY: build-AllocationLayer build-DependenciesLayer build-DocumentsLayer build-OpenIdLayer

build-%Function:
	@cp app.py "$(ARTIFACTS_DIR)/"
	$(compile)

build-AllocationLayer:
	@mkdir -p "$(ARTIFACTS_DIR)/python"
	@cp -R allocation "$(ARTIFACTS_DIR)/python/"
	@find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} +
	$(compile)

# `--no-deps`: the lock file names everything; pip would judge the dependencies' markers by its own Python.
build-DependenciesLayer build-DocumentsLayer build-OpenIdLayer:
	@"$(BUILD_PYTHON)" -m pip --version >/dev/null || \
		{ echo "$(BUILD_PYTHON) has no pip: install it, or set BUILD_PYTHON to a Python that has it." >&2; exit 1; }
	@"$(BUILD_PYTHON)" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-compile \
		--require-hashes --no-deps --requirement requirements.txt --target "$(ARTIFACTS_DIR)/python" \
		--only-binary=:all: --implementation cp --python-version $(python_version) --platform $(BUILD_PLATFORM)
	@cd "$(ARTIFACTS_DIR)/python" && rm -rf $(LEFT_OUT)
	$(compile)

# Python loads a module's bytecode without its source where it stands in the source's place. Of packages that others
# wrote, the sources would only put the text of lines into tracebacks.
build-DependenciesLayer build-DocumentsLayer build-OpenIdLayer: IN_PLACE_OF_SOURCES := -b
build-DependenciesLayer build-DocumentsLayer build-OpenIdLayer: WITHOUT_SOURCES = && \
	find "$(ARTIFACTS_DIR)" -name '*.py' -exec rm -f {} +

# What no function of ours imports, by package: a third of the layers' bytes. Some wheels bring their tests and
# documentation along, at the top. Pillow: AVIF, WebP, colour management and Tk, each loaded only where a picture needs it.
LEFT_OUT := bin tests docs \
	PIL/_avif.* PIL/_webp.* PIL/_imagingcms.* PIL/_imagingtk.* PIL/_imagingmath.* PIL/_imagingmorph.* \
	$(addprefix pillow.libs/lib,avif-* webp-* webpmux-* webpdemux-* sharpyuv-* lcms2-*) \
	reportlab/fonts reportlab/graphics barcode/fonts \
	$(addprefix ttf_opensans/ttf/*,Italic.ttf ExtraBold.ttf Light.ttf SemiBold.ttf) \
	aws_lambda_powertools/event_handler \
	$(addprefix aws_lambda_powertools/utilities/,auth_alpha batch data_classes data_masking feature_flags idempotency \
		kafka parser streaming validation) \
	pydantic/v1 pydantic/mypy.py

# Lambda's disk is read-only: without bytecode in the artifact every cold start compiles everything again. Only the same
# minor version writes bytecode that the runtime takes; unchecked hashes, since packaging changes the files' times.
# Where uv and pyenv keep Pythons that are not on PATH.
KEPT_PYTHONS := $(wildcard $(addsuffix $(python_version).*/bin/python, \
	$(HOME)/.local/share/uv/python/cpython- $(HOME)/.pyenv/versions/))
own_version = $$("$(BUILD_PYTHON)" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')

define compile
@for python in "$(BUILD_PYTHON)" python$(python_version) $(KEPT_PYTHONS); do \
	"$$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(python_version)")' 2>/dev/null || continue; \
	"$$python" -m compileall -q $(IN_PLACE_OF_SOURCES) --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" \
		"$(ARTIFACTS_DIR)" $(WITHOUT_SOURCES); exit; \
done; \
echo "$(@:build-%=%): no Python $(python_version) here, so no bytecode: cold starts take nearly twice as long." >&2; \
echo "  uv python install $(python_version)    gets one; or build and deploy with Runtime=$(own_version)." >&2
endef
