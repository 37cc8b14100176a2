# What `make install`, `make uninstall`, `make deb` and `make test-install` do. The folders can all be set, as GNU's
# coding standards name them: make install prefix=/usr sysconfdir=/etc DESTDIR=/tmp/stage

prefix ?= /usr/local
sysconfdir ?= /etc
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
includedir ?= $(prefix)/include
docdir ?= $(prefix)/share/doc/reprise
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
bashcompletiondir ?= $(prefix)/share/bash-completion/completions
zshcompletiondir ?= $(prefix)/share/zsh/site-functions
fishcompletiondir ?= $(prefix)/share/fish/vendor_completions.d

PROGRAM = .build/release/reprise
# Made by the program itself, so that they say what this program can do; never committed, so that they are never stale.
GENERATED = .build/packaging
COMMANDS = serve check explain schema demo load health version
MAN1 = reprise.1 $(COMMANDS:%=reprise-%.1)

EXAMPLES = $(wildcard conf/examples/*.yaml)
SCENARIOS = $(wildcard conf/load/*.yaml)

.PHONY: install uninstall deb test-install test-image test-platforms

# Builds what is older than its sources and nothing else: `make release && sudo make install` needs no Swift as root.
$(PROGRAM): Package.swift $(shell find Sources -type f)
	$(MAKE) program

$(GENERATED)/stamp: $(PROGRAM) conf/packaging/generate.sh conf/packaging/man.py
	@$(call install,python3)
	conf/packaging/generate.sh $(PROGRAM) $(GENERATED)
	touch $@

# The program is stripped, which takes a quarter off its size: a crash names its signal and nothing more, so that nothing
# reads symbols at run time. A debugger finds them in .build/release/reprise.
install: $(GENERATED)/stamp
	install -D -s -m 755 $(PROGRAM) '$(DESTDIR)$(bindir)/reprise'
	for page in $(MAN1); do install -D -m 644 $(GENERATED)/$$page "$(DESTDIR)$(mandir)/man1/$$page" || exit 1; done
	install -D -m 644 $(GENERATED)/reprise.yaml.5 '$(DESTDIR)$(mandir)/man5/reprise.yaml.5'
	install -D -m 644 $(GENERATED)/reprise.bash '$(DESTDIR)$(bashcompletiondir)/reprise'
	install -D -m 644 $(GENERATED)/reprise.zsh '$(DESTDIR)$(zshcompletiondir)/_reprise'
	install -D -m 644 $(GENERATED)/reprise.fish '$(DESTDIR)$(fishcompletiondir)/reprise.fish'
	sed -e 's,/usr/local/bin/,$(bindir)/,; s, /etc/reprise/, $(sysconfdir)/reprise/,; /^# `make install`/d' \
	    conf/systemd/reprise.service | install -D -m 644 /dev/stdin '$(DESTDIR)$(unitdir)/reprise.service'
	install -D -m 644 conf/systemd/reprise.socket '$(DESTDIR)$(unitdir)/reprise.socket'
	install -D -m 644 conf/systemd/reprise.sysusers '$(DESTDIR)$(sysusersdir)/reprise.conf'
	install -D -m 644 conf/reprise.yaml '$(DESTDIR)$(docdir)/reprise.yaml'
	install -D -m 644 -t '$(DESTDIR)$(docdir)/examples' $(EXAMPLES)
	install -D -m 644 -t '$(DESTDIR)$(docdir)/load' $(SCENARIOS)
	install -D -m 644 conf/reprise_router.h '$(DESTDIR)$(includedir)/reprise_router.h'
	install -D -m 644 conf/reprise.schema.json '$(DESTDIR)$(docdir)/reprise.schema.json'
# Where the unit looks for it, and only when none is there: with its example's certificates it serves nothing, and `check`
# says by line what is to be filled in.
	test -e '$(DESTDIR)$(sysconfdir)/reprise/reprise.yaml' \
	    || sed 's,/etc/reprise/,$(sysconfdir)/reprise/,g' conf/examples/behind-systemd.yaml \
	    | install -D -m 644 /dev/stdin '$(DESTDIR)$(sysconfdir)/reprise/reprise.yaml'

# A configuration that somebody has changed stays, and so does its folder.
uninstall:
	rm -f '$(DESTDIR)$(bindir)/reprise' '$(DESTDIR)$(mandir)/man5/reprise.yaml.5' \
	    '$(DESTDIR)$(bashcompletiondir)/reprise' '$(DESTDIR)$(zshcompletiondir)/_reprise' \
	    '$(DESTDIR)$(fishcompletiondir)/reprise.fish' '$(DESTDIR)$(unitdir)/reprise.service' \
	    '$(DESTDIR)$(unitdir)/reprise.socket' '$(DESTDIR)$(sysusersdir)/reprise.conf' \
	    $(MAN1:%='$(DESTDIR)$(mandir)/man1/%') $(EXAMPLES:conf/%='$(DESTDIR)$(docdir)/%') \
	    $(SCENARIOS:conf/%='$(DESTDIR)$(docdir)/%') '$(DESTDIR)$(docdir)/reprise.yaml' \
	    '$(DESTDIR)$(docdir)/reprise.schema.json' '$(DESTDIR)$(includedir)/reprise_router.h'
	rmdir '$(DESTDIR)$(docdir)/examples' '$(DESTDIR)$(docdir)/load' '$(DESTDIR)$(docdir)' 2>/dev/null || true
	sed 's,/etc/reprise/,$(sysconfdir)/reprise/,g' conf/examples/behind-systemd.yaml \
	    | cmp -s - '$(DESTDIR)$(sysconfdir)/reprise/reprise.yaml' \
	    && rm '$(DESTDIR)$(sysconfdir)/reprise/reprise.yaml' || true
	rmdir '$(DESTDIR)$(sysconfdir)/reprise' 2>/dev/null || true

# .build/reprise_VERSION_ARCHITECTURE.deb
deb: $(GENERATED)/stamp
	conf/packaging/deb.sh

# Installs into a root that holds nothing but system libraries, without a network, and serves there; then the deb, in a
# copy of this system's root and of each other Debian root that ROOTS names. Needs root.
test-install: $(GENERATED)/stamp deb
	@$(call install,curl iproute2 openssl)
	ROOTS='$(ROOTS)' conf/packaging/test-install.sh

# Builds the image on Debian roots made by debootstrap, or on those that BUILD_IMAGE and RUNTIME_IMAGE name, and serves.
test-image:
	conf/packaging/test-image.sh

# The suites with every other libssl that Debian has: what it keeps for this system, and roots of other suites. Needs root.
test-platforms: deps-test
	@$(call install,debootstrap iproute2)
	$(SWIFT) build --build-tests
	conf/packaging/test-platforms.sh
