#!/bin/bash
# Does what is installed run where there is no Swift? Once with `make install`, in a root that holds the C libraries of
# this system and nothing else; once with the deb, in a copy of each root in ROOTS and of this system's own.
# Everything runs in namespaces of its own: no port is taken, and no mount or process is left behind.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" != inside ]; then
    if [ "$(id -u)" != 0 ]; then echo "test-install: needs root, for chroot and mounts" >&2; exit 1; fi
    exec unshare --mount --net --pid --fork --kill-child "$0" inside
fi

ip link set lo up
work=$(mktemp -d)
trap 'umount -Rl "$work" 2>/dev/null || true; rmdir "$work"' EXIT
mount -t tmpfs -o mode=755 tmpfs "$work"

fail() { echo "test-install: $*" >&2; exit 1; }
step() { echo "== $*"; }

# Asks until it is answered, for 10 seconds at the most.
eventually() {
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "in vain for 10 seconds: $*"
}

# Runs what an operator would run: in_root ROOT PROGRAM
try_program() {
    local root=$1 program=$2 server
    step "version"
    chroot "$root" "$program" version

    step "demo"
    chroot "$root" "$program" demo > "$work/demo.log" 2>&1 &
    server=$!
    eventually chroot "$root" "$program" health
    curl -sSfk https://127.0.0.1:8443/ | sed -n 1,3p
    kill "$server"
    wait "$server" || fail "demo ended with $?: $(cat "$work/demo.log")"

    step "check, without the certificate and with it"
    if chroot "$root" "$program" check -c /etc/reprise/reprise.yaml; then fail "a missing certificate is no fault"; fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=example.test \
        -addext subjectAltName=DNS:example.test -keyout "$root/etc/reprise/example.key" \
        -out "$root/etc/reprise/example.pem" 2>/dev/null
    chroot "$root" "$program" check -c /etc/reprise/reprise.yaml

    step "serve, as the unit does"
    local start
    start=$(sed -n 's/^ExecStart=//p' "$root"/usr/{local/,}lib/systemd/system/reprise.service 2>/dev/null || true)
    [ "${start%% *}" = "$program" ] || fail "the unit starts '$start'"
    # shellcheck disable=SC2086 # the unit's line is split into words, as systemd does
    chroot "$root" $start > "$work/serve.log" 2>&1 &
    server=$!
    eventually chroot "$root" "$program" health
    # No server is behind it, so that the connection ends in an error, but not before the handshake is done.
    openssl s_client -connect 127.0.0.1:443 -servername example.test -brief </dev/null > "$work/client.log" 2>&1 || true
    grep "CONNECTION ESTABLISHED" "$work/client.log" || fail "no handshake: $(cat "$work/client.log")"
    kill "$server"
    wait "$server" || fail "serve ended with $?: $(cat "$work/serve.log")"
}

try_install() {
    local root=$work/bare library
    make --no-print-directory -s install DESTDIR="$root"
    # From the system's own folders only: a program that needs the toolchain's finds them missing.
    ldd "$root/usr/local/bin/reprise" | grep -o '/[^ ]*' | grep -E '^/(usr/)?lib' | while read -r library; do
        install -D "$library" "$root$library"
    done
    # Swift's runtime reads the command line from /proc; the rest of the system is not needed.
    mkdir -p "$root/proc"
    mount -t proc proc "$root/proc"
    try_program "$root" /usr/local/bin/reprise

    step "installing again keeps the configuration, and so does uninstalling"
    echo "# mine" >> "$root/etc/reprise/reprise.yaml"
    make --no-print-directory -s install DESTDIR="$root"
    make --no-print-directory -s uninstall DESTDIR="$root"
    grep -q "# mine" "$root/etc/reprise/reprise.yaml" || fail "the configuration is lost"
    rm -r "$root/etc/reprise"
    library=$(find "$root/usr/local" -type f)
    [ -z "$library" ] || fail "uninstall leaves $library"
}

# In an overlay: the root itself does not change.
try_package() {
    local lower=$1 name root
    name=$(echo "$1" | tr / _)
    root=$work/$name/root
    mkdir -p "$root" "$work/$name/upper" "$work/$name/work"
    mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/$name/upper,workdir=$work/$name/work" "$root"
    mount --bind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    cp .build/reprise_*.deb "$root/root/"
    chroot "$root" sh -c 'dpkg -i /root/reprise_*.deb'
    chroot "$root" getent passwd reprise || fail "there is no user"
    try_program "$root" /usr/bin/reprise

    step "removing it"
    chroot "$root" dpkg -r reprise
    [ ! -e "$root/usr/bin/reprise" ] || fail "the program is still there"
    [ -e "$root/etc/reprise/reprise.yaml" ] || fail "removing took the configuration"
    chroot "$root" dpkg -P reprise
    [ ! -e "$root/etc/reprise/reprise.yaml" ] || fail "purging left the configuration"
    [ -e "$root/etc/reprise/example.key" ] || fail "purging took a key"
    umount -R "$root"
}

try_pages() {
    local page complaints
    command -v groff >/dev/null || { echo "there is no groff"; return; }
    for page in .build/packaging/*.[15]; do
        complaints=$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null)
        [ -z "$complaints" ] || fail "$page: $complaints"
    done
}

step "manual pages"
try_pages
step "make install, in a root with nothing else"
try_install
for root in / ${ROOTS:-}; do
    step "the deb, in a copy of $root"
    try_package "$root"
done
step "good"
