#!/bin/bash
# Builds the image with buildah, with no registry asked, on Debian roots that stand in for its base images, and runs what
# came out. Takes minutes, root, debootstrap's mirror and 10 GB below .build.
#   BUILD_IMAGE, RUNTIME_IMAGE  folders of Debian roots; each that is not set is made by debootstrap of SUITE (bookworm)
#   VOLUMES                     more folders that the build sees, such as a mirror of the dependencies
# The toolchain is this system's, seen by the build at the same place.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" != 0 ]; then echo "test-image: needs root, for chroot and mounts" >&2; exit 1; fi
for tool in buildah debootstrap swift; do
    command -v "$tool" >/dev/null || { echo "test-image: needs $tool" >&2; exit 1; }
done

work=$PWD/.build/packaging/image
suite=${SUITE:-bookworm}
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
mkdir -p "$work"
# Storage of its own, which is thrown away; vfs and chroot work where no container could be run.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' "$work" "$work" > "$work/storage.conf"
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot
server=
tidy() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    buildah rm --all >/dev/null 2>&1 || true
    buildah rmi --all --force >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work/storage" "$work/run"
}
trap tidy EXIT

# A root by debootstrap, kept for the next time: root_of NAME PACKAGES
root_of() {
    local folder=$work/$suite-$1
    if [ ! -e "$folder/.whole" ]; then
        rm -rf --one-file-system "$folder"
        debootstrap --variant=minbase ${2:+--include="$2"} "$suite" "$folder" >&2
        touch "$folder/.whole"
    fi
    echo "$folder"
}

# import FOLDER NAME: what is mounted in the folder stays outside.
import() {
    local container
    container=$(buildah from scratch)
    tar -C "$1" --one-file-system --exclude='./var/lib/apt/lists/*' --exclude='./var/cache/apt/archives/*' -cf - . \
        | tar -C "$(buildah mount "$container")" -xf -
    buildah config --env PATH="$toolchain/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        "$container"
    buildah commit -q --rm "$container" "$2" >/dev/null
}

# What swift.org's page asks for on Debian.
swift_needs=ca-certificates,git,g++,libc6-dev,libcurl4-openssl-dev,libncurses-dev,libpython3-dev,libsqlite3-0,libxml2-dev,tzdata
import "${BUILD_IMAGE:-$(root_of build "$swift_needs")}" localhost/reprise-build
import "${RUNTIME_IMAGE:-$(root_of runtime "")}" localhost/reprise-runtime

volumes="--volume $toolchain:$toolchain:ro"
for volume in ${VOLUMES:-}; do volumes="$volumes --volume $volume:$volume:ro"; done
BUILDER=buildah BUILD_OPTIONS="--pull=never $volumes" IMAGE=localhost/reprise \
    BUILD_IMAGE=localhost/reprise-build RUNTIME_IMAGE=localhost/reprise-runtime conf/packaging/image.sh

buildah inspect --type image localhost/reprise | grep -i healthcheck >/dev/null \
    || { echo "test-image: HEALTHCHECK is lost" >&2; exit 1; }

# Its own network: no port is taken.
container=$(buildah from --pull=never localhost/reprise)
buildah run "$container" -- reprise version
root=$(buildah mount "$container")
mkdir -p "$root/proc"
# shellcheck disable=SC2016 # $0 is for the inner shell
unshare --mount --net --pid --fork --kill-child bash -eu -c '
    ip link set lo up
    mount -t proc proc "$0/proc"
    chroot --userspec=10001:10001 "$0" reprise demo &
    for _ in $(seq 100); do
        if chroot "$0" reprise health >/dev/null; then break; fi
        sleep 0.1
    done
    curl -sSfk https://127.0.0.1:8443/
' "$root"
echo "test-image: good"
