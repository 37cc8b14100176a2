#!/bin/bash
# Do the suites pass with the libssl of other Debians? First with each that Debian keeps for this one, by the loader's path;
# then in a root of each suite, with a build of its own and this system's Swift. Takes root and a Debian mirror.
#   LIBSSLS  versions of this system's libssl; when it is not set, those that apt knows and that are not installed
#   SUITES   Debian suites; experimental is sid with the OpenSSL of experimental
#   ROOT     a Debian root that is there already, instead of SUITES
#   ROOTS    the folder where roots are made, and kept with their builds (.build/roots)
#   MIRROR   where debootstrap finds them
#   VOLUMES  more folders that the build sees, such as a mirror of the dependencies
#   FILTER   which tests (all)
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .build/roots
roots=$(realpath "${ROOTS:-.build/roots}")
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
only=(${FILTER:+--filter "$FILTER"})

# The libraries that swift-build needs and the root does not have, and those that these need.
missing_libraries() {
    local there
    there=$(chroot "$root" /sbin/ldconfig -p | awk '{ print $1 }')
    ldd "$(readlink -f "$toolchain/usr/bin/swift-build")" | awk '$3 ~ /^\// { print $1, $3 }' | while read -r library path; do
        if [[ $path != "$toolchain"* ]] && ! grep -qxF "$library" <<<"$there"; then echo "$library"; fi
    done
}

# A network of its own, so that no port is taken, and a process and mount space that take all with them when they end.
if [ "${1:-}" = inside ]; then
    # A build remembers where its sources lie: each copy of them has its own.
    root=$2 build=$2/var/tmp/reprise-build-$(cksum <<<"$PWD" | cut -d' ' -f1)
    ip link set lo up
    # A mount of its own, because inside it unshare asks for one.
    mount --bind "$root" "$root"
    # A worktree keeps its history elsewhere.
    for folder in "$toolchain" "$PWD" "$(realpath "$(git rev-parse --git-common-dir)")" ${VOLUMES:-}; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
    done
    mkdir -p "$build"
    mount --bind "$build" "$root$PWD/.build"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    # Dependencies come from where this system's git finds them.
    { git config --get-regexp '^url\.' || true; } | (
        rm -f "$root/root/.gitconfig"
        while read -r key value; do git config --file "$root/root/.gitconfig" --add "$key" "$value"; done
        git config --file "$root/root/.gitconfig" --add safe.directory "$PWD"
    )
    # What this system's Swift is linked to, and a newer suite has in another version only: as it is here.
    while read -r missing; do
        here=$(ldconfig -p | awk -v name="$missing" '$1 == name && !seen++ { print $NF }')
        [ -n "$here" ] || { echo "error: $missing is not there" >&2; exit 1; }
        install -D -m 644 "$here" "$root/usr/local/lib/reprise/$missing"
    done < <(missing_libraries)
    # shellcheck disable=SC2016 # $0 and the like are for the inner shell
    exec chroot "$root" env -i LD_LIBRARY_PATH=/usr/local/lib/reprise HOME=/root TERM=dumb PATH="$toolchain/usr/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        sh -ec 'cd "$0"; openssl version; dpkg-query -W libssl-dev libc-ares-dev libevent-dev
                swift build --build-tests; swift test --skip-build "$@"' "$PWD" "${only[@]}"
fi

if [ "$(id -u)" != 0 ]; then echo "test-platforms: needs root, for chroot and mounts" >&2; exit 1; fi
for tool in debootstrap swift ip; do
    command -v "$tool" >/dev/null || { echo "test-platforms: needs $tool" >&2; exit 1; }
done

logs=$PWD/.build/platforms
mkdir -p "$logs"
failed=()
child=
trap 'if [ -n "$child" ]; then kill -KILL "$child" 2>/dev/null || true; fi' EXIT
trap 'exit 130' INT TERM

# Runs a command and keeps what it wrote: attempt NAME COMMAND...
attempt() {
    local name=$1
    shift
    echo "== $name"
    "$@" > "$logs/$name.log" 2>&1 &
    child=$!
    wait "$child" || failed+=("$name")
    child=
    # A build says the same fault for each file that it compiles; its last lines tell of one that failed otherwise.
    grep -E '^OpenSSL |^lib(ssl|event)-dev|error:|Test run with|recorded an issue' "$logs/$name.log" \
        | awk '!seen[$0]++ && ++count <= 40' \
        || tail -n 5 "$logs/$name.log"
}

older() {
    local package version folder
    package=$(dpkg-query -S '*/libssl.so.3' | head -1 | cut -d: -f1)
    for version in ${LIBSSLS-$(apt-cache madison "$package" | awk '{ print $3 }' | sort -u)}; do
        if [ "$version" = "$(dpkg-query -W -f='${Version}' "$package")" ]; then continue; fi
        folder=$roots/$package-$version
        mkdir -p "$folder"
        (cd "$folder" && apt-get download -q "$package=$version" && dpkg -x ./*.deb . && rm ./*.deb)
        attempt "$package-$version" unshare --pid --mount-proc --fork --kill-child \
            env LD_LIBRARY_PATH="$(dirname "$(find "$folder" -name libssl.so.3)")" swift test --skip-build "${only[@]}"
    done
}

# What Swift needs on Debian, what we build with, and what the tests run.
packages=ca-certificates,g++,git,libc6-dev,libcurl4-openssl-dev,libncurses-dev,libpython3-dev,libsqlite3-0,libxml2-dev,tzdata
packages=$packages,libedit2,libc-ares-dev,libevent-dev,libssl-dev,pkg-config,curl,gnutls-bin,openssl,procps,python3,python3-jsonschema,python3-yaml,strace

# A root by debootstrap, kept for the next time: make_root SUITE
make_root() {
    local folder=$roots/$1
    if [ -e "$folder/.whole" ]; then return; fi
    echo "== making a root of $1"
    rm -rf --one-file-system "$folder"
    # What it mounts goes with it, however it ends.
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount bash -euc '
        folder=$0 suite=$1 packages=$2 mirror=$3
        debootstrap --variant=minbase --include="$packages" "${suite/experimental/sid}" "$folder" $mirror
        if [ "$suite" = experimental ]; then
            # Not from the sources that debootstrap wrote, whose form differs with its versions.
            echo "deb ${mirror:-http://deb.debian.org/debian} experimental main" \
                > "$folder/etc/apt/sources.list.d/experimental.list"
            # A mirror that stands still has a release that is over by its date: what this apt knows of it holds.
            apt-config dump | grep "^Acquire::Check-" > "$folder/etc/apt/apt.conf.d/90dates" || true
            chroot "$folder" sh -ec "apt-get update -q; apt-get install -q -y -t experimental libssl-dev openssl"
        fi
        touch "$folder/.whole"
    ' "$folder" "$1" "$packages" "${MIRROR:-}" > "$logs/root-$1.log" 2>&1
}

in_root() {
    attempt "$(basename "$1")" unshare --mount --net --pid --fork --kill-child conf/packaging/test-platforms.sh inside "$1"
}

older
if [ -n "${ROOT:-}" ]; then
    in_root "$ROOT"
else
    for suite in ${SUITES-trixie}; do
        if make_root "$suite"; then in_root "$roots/$suite"; else failed+=("$suite"); fi
    done
fi
if [ "${#failed[@]}" != 0 ]; then echo "test-platforms: failed: ${failed[*]}; see $logs" >&2; exit 1; fi
echo "test-platforms: good"
