#!/bin/sh
# Builds the image `reprise` from docker/Dockerfile, by whichever builder is there and works.
# BUILD_IMAGE and RUNTIME_IMAGE, when they are set, take the place of the Dockerfile's base images, IMAGE that of the
# name `reprise`.
set -eu
cd "$(dirname "$0")/../.."

set -- -f docker/Dockerfile -t "${IMAGE:-reprise}"
if [ -n "${BUILD_IMAGE:-}" ]; then set -- "$@" --build-arg "BUILD_IMAGE=$BUILD_IMAGE"; fi
if [ -n "${RUNTIME_IMAGE:-}" ]; then set -- "$@" --build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE"; fi

# A docker client without its daemon is often there and never works: it is asked first.
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    exec docker build "$@" .
fi
# These two look for the ignore file in other places than docker does. HEALTHCHECK exists in docker's format alone.
if command -v podman >/dev/null && podman info >/dev/null 2>&1; then
    exec podman build --format docker --ignorefile docker/Dockerfile.dockerignore "$@" .
fi
if command -v buildah >/dev/null && buildah info >/dev/null 2>&1; then
    exec buildah bud --format docker --ignorefile docker/Dockerfile.dockerignore "$@" .
fi
echo "make image: needs docker with its daemon running, podman or buildah; none of them answers" >&2
exit 1
