# make run   installs what it needs, builds, and serves a demonstration on https://127.0.0.1:8443/
# make test  installs what it needs, builds, and runs every test but the slow ones
# make test-slow  runs those: crowds, hundreds of signals, recipes
# make install, make uninstall, make deb: conf/packaging/install.mk
# Needs Debian 12 or 13 (or their like) and Swift 6.3; apt-get is called only for packages that are missing.

SWIFT ?= swift
BUILD_PACKAGES = libc-ares-dev libevent-dev libssl-dev pkg-config ca-certificates git
TEST_PACKAGES = $(BUILD_PACKAGES) curl gnutls-bin openssl procps python3 python3-jsonschema python3-yaml strace
SANITIZED = TLSTests|EventLoopTests|ProxyTests|MetricsTests|ConfigurationTests|RepriseTests|AdminTests|RoutingTests
SANITIZED := $(SANITIZED)|VocabularyTests|IntegrationTests|ResumptionTests|ContractTests
DOCC = RepriseVocabulary RepriseResumption RepriseRouting Reprise
# The files in which a test says of itself that it is slow (Tests/TestSupport/Slow.swift), as --filter takes them.
empty :=
SLOW = $(subst $(empty) ,|,$(notdir $(shell grep -rlE '\.slow\b|Slow\.isAsked' --include='*.swift' Tests/*Tests)))

.PHONY: run build program release test test-slow test-build lint format docs docc sanitize bench image deps deps-test clean

run: program
	.build/release/reprise demo

build: deps
	$(SWIFT) build

# Swift's runtime is linked in: the program runs where there is no Swift.
program: deps
	$(SWIFT) build -c release --product reprise --static-swift-stdlib

# With its manual pages and completions: `sudo make install` then makes nothing, and leaves nothing of root's in .build.
release: program
	@$(MAKE) --no-print-directory $(GENERATED)/stamp

# Both fail when the run leaves a process or a folder behind.
test: test-build
	Tests/leaving-nothing $(SWIFT) test --skip-build

test-slow: test-build
	REPRISE_SLOW=1 Tests/leaving-nothing $(SWIFT) test --skip-build --filter '/($(SLOW)):'

test-build: deps-test lint
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error

lint:
	$(SWIFT) format lint --strict --recursive Benchmarks Sources Tests Package.swift

format:
	$(SWIFT) format format --in-place --recursive Benchmarks Sources Tests Package.swift

# Writes anew the documents that are made from the code: metrics, options, schema.
docs: deps-test
	REPRISE_WRITE_DOCS=1 $(SWIFT) test --filter 'DocumentTests'

# The reference of the modules that a program imports, into .build/plugins/Swift-DocC/outputs; a warning is an error. The
# package depends on the plugin only with the variable, and Package.resolved, by which a build fetches, is put back.
docc: deps
	@mkdir -p .build; kept=$$(mktemp -p .build); \
	if [ -f Package.resolved ]; then cp Package.resolved $$kept; fi; \
	trap 'rm -f Package.resolved; if [ -s $$kept ]; then cp $$kept Package.resolved; fi; rm -f $$kept' EXIT; \
	REPRISE_DOCS=1 $(SWIFT) package generate-documentation $(addprefix --target ,$(DOCC)) --warnings-as-errors

# Thread and address sanitizer, each with a build of its own. The integration tests run a sanitized server, and fail
# when it writes a sanitizer's report.
sanitize: export REPRISE_SANITIZED = 1
sanitize: export LSAN_OPTIONS = suppressions=$(CURDIR)/Tests/leaks.supp:print_suppressions=0
sanitize: deps-test
	$(SWIFT) test --sanitize=thread --disable-xctest --scratch-path .build-tsan --filter '$(SANITIZED)'
	$(SWIFT) test --sanitize=address --disable-xctest --scratch-path .build-asan --filter '$(SANITIZED)'

# What docs/performance.md and docs/measurements.md say. costs.py, growth.py, upstreams.py and the affinity benchmark fail where a
# bound is passed; the others print what they count and measure beside theirs. Ten million sessions take 2.2 GiB.
bench: TEST_PACKAGES += binutils valgrind
bench: deps-test
	$(SWIFT) build -c release --product reprise
	Benchmarks/costs.py .build/release/reprise
	Benchmarks/growth.py .build/release/reprise
	$(SWIFT) run -c release RepriseStoreBenchmark
	$(SWIFT) run -c release RepriseRoutingBenchmark
	$(SWIFT) run -c release RepriseHandshakeBenchmark
	$(SWIFT) run -c release RepriseAffinityBenchmark 10000
	Benchmarks/upstreams.py .build/release/reprise

# By docker, podman or buildah. Other base images: make image BUILD_IMAGE=... RUNTIME_IMAGE=...
image:
	@BUILD_IMAGE='$(BUILD_IMAGE)' RUNTIME_IMAGE='$(RUNTIME_IMAGE)' conf/packaging/image.sh

deps:
	@$(call install,$(BUILD_PACKAGES))

# Other people's servers, which tests speak to; those that are missing skip with a word. On a machine of somebody's own they
# are not installed: their packages start services.
OTHER_SERVERS = dovecot-imapd haproxy hitch libnginx-mod-stream nginx postfix redis-server

deps-test:
	@$(call install,$(TEST_PACKAGES))
	@$(if $(CI),{ $(call install,$(OTHER_SERVERS)) ; } || echo "not installable here: their tests are skipped")

clean:
	rm -rf .build .build-tsan .build-asan

include conf/packaging/install.mk

# Asks dpkg first, so that a machine that has everything needs neither root nor a network.
define install
missing=""; \
for package in $(1); do \
    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
    echo "installing:$$missing"; \
    if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
    $$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -q -y --no-install-recommends $$missing; \
fi
endef
