# Each line is a command that a person could type.

CARGO ?= cargo
PYTHON ?= python3
# Parts of the program that are built on request, all of which are tested.
FEATURES ?= otlp train
# Folder of images for `make peers`.
DATA ?=

.PHONY: setup serve test lint check golden bench peers scene image

setup:  ## Fetch ONNX Runtime, which networks are computed by
	scripts/fetch-onnxruntime

serve:  ## Build and serve on http://127.0.0.1:8080
	$(CARGO) run --release -- serve

test:  ## All tests
	$(CARGO) test --features "$(FEATURES)"

lint:  ## Format, warnings, documentation, licences
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --features "$(FEATURES)" -- -D warnings
	$(CARGO) clippy -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --features "$(FEATURES)"
	@if command -v cargo-deny >/dev/null; then cargo-deny check bans licenses sources; \
	else echo "cargo-deny is not installed: licences and sources were not checked"; fi

check: lint test  ## Everything that CI asks of a change

golden:  ## Rewrite the generated files that tests compare
	UPDATE_GOLDEN=1 $(CARGO) test --features "$(FEATURES)" golden

bench:  ## Times of the solver and of the codecs
	$(CARGO) bench

peers:  ## Quality and time beside other libraries, on the images in DATA
	$(CARGO) build --release
	$(PYTHON) benches/peers/inpaint_peers.py $(DATA) --cogd target/release/cogd

scene:  ## Draw the picture of the README and repair it
	$(CARGO) run --release --example draw_scene -- docs/images
	$(CARGO) run --release -- restore docs/images/scene.png --mask docs/images/mask.png -o docs/images/restored.png

image:  ## Build the CPU image
	docker build --build-arg BUILD_COMMIT="$$(git rev-parse HEAD)" --target cpu -t cogd .
