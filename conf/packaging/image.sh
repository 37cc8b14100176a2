#!/bin/sh
# Builds the image from docker/Dockerfile, by whichever builder is there and works.
#   BUILD_IMAGE, RUNTIME_IMAGE  take the place of the Dockerfile's base images
#   IMAGE                       what it is called (reprise)
#   BUILDER                     docker, podman or buildah, and no other
#   BUILD_OPTIONS               more options for the builder
set -eu
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2086 # several options in one variable
set -- -f docker/Dockerfile -t "${IMAGE:-reprise}" ${BUILD_OPTIONS:-}
if [ -n "${BUILD_IMAGE:-}" ]; then set -- "$@" --build-arg "BUILD_IMAGE=$BUILD_IMAGE"; fi
if [ -n "${RUNTIME_IMAGE:-}" ]; then set -- "$@" --build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE"; fi

# `info` asks the daemon as well: a docker client alone is often there and builds nothing.
for builder in ${BUILDER:-docker podman buildah}; do
    if ! command -v "$builder" >/dev/null || ! "$builder" info >/dev/null 2>&1; then continue; fi
    case $builder in
        docker) exec docker build "$@" . ;;
        # These two look for the ignore file in another place than docker does, and without the format, they drop
        # HEALTHCHECK.
        *) exec "$builder" build --format docker --ignorefile docker/Dockerfile.dockerignore "$@" . ;;
    esac
done
echo "make image: needs one that works of: ${BUILDER:-docker (with its daemon running), podman, buildah}" >&2
exit 1
