# copiste: make demo, make test, make prove, make bench, make lint.
# Each of them installs what it needs first (.ci/setup), or says exactly what to install.
# There is one build profile, so the C library inside is built once.

CARGO ?= cargo
DEMO := target/demo
SKIPS := target/proofs/skips

.PHONY: help setup build demo pages test prove bench lint clean-proofs

help:
	@.ci/setup prove
	@echo 'make demo    two exams are made up, taken in, closed and given back: ends with two ZIPs of annotated copies'
	@echo 'make pages   serves the exams of the demo as web pages, at LISTEN=127.0.0.1:8080'
	@echo 'make test    every proof at reduced size'
	@echo 'make prove   every proof in full; needs 60 GB of disk and about an hour'
	@echo 'make bench   each step beside the mere copying of the same scans'
	@echo 'make lint    formatting, clippy, licences and sources of dependencies'

setup:
	@.ci/setup prove

build:
	@.ci/setup build
	$(CARGO) build --release --workspace --bins

demo: build
	@.ci/demo "$(CURDIR)/$(DEMO)"

pages: build
	@.ci/pages "$(CURDIR)/$(DEMO)"

# Packages are chosen so that what they have from others is built with the same features, and once.
# The size of a proof is chosen here and nowhere else; tests/src/size.rs reads it.
test: export COPISTE_PROOF := reduced
test: setup proofs

prove: export COPISTE_PROOF := full
prove: setup proofs

.PHONY: proofs
proofs:
	@rm -rf $(SKIPS) && mkdir -p $(SKIPS)
	@status=0; \
	echo '$(CARGO) test: every crate by itself, with places where crashes and full disks can be made to happen'; \
	$(CARGO) test --release --workspace --exclude copiste-tests --features copiste-core/failpoints --no-fail-fast || status=1; \
	echo '$(CARGO) test: the proofs, with the commands as they are'; \
	$(CARGO) build --release --workspace --bins && \
	$(CARGO) test --release --workspace --test proofs --no-fail-fast || status=1; \
	.ci/skips $(SKIPS) && exit $$status

bench:
	@.ci/setup build
	$(CARGO) build --release --workspace --bins
	target/release/ratios
	target/release/searches
	target/release/downloads
	$(CARGO) bench -p copiste-benches

lint:
	@.ci/setup lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets --features copiste-core/failpoints -- -D warnings
	$(CARGO) deny check --config .config/deny.toml bans licenses sources
