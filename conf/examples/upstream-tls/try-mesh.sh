#!/usr/bin/env bash
# Shows mutual TLS between two Reprises: ./try-mesh.sh [path of reprise]. It needs openssl, curl and python3, and leaves nothing
# behind. The ports are those of the files, unless PORT, PORT_TWO, PORT_APP and PORT_ADMIN say otherwise.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reprise=${1:-reprise}
export PORT=${PORT:-18443} PORT_TWO=${PORT_TWO:-18444} PORT_APP=${PORT_APP:-18080} PORT_ADMIN=${PORT_ADMIN:-19444}
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR
. "$here/functions.sh"

authority mesh-ca
certificate mesh-ca one DNS:one.mesh.internal
certificate mesh-ca two DNS:app.mesh.internal
certificate mesh-ca stranger DNS:stranger.mesh.internal
authority front-ca
certificate front-ca front DNS:localhost
cp "$here"/mesh-*.yaml "$work"

mkdir "$work/site"
echo "the application" >"$work/site/index.html"
python3 -m http.server "$PORT_APP" --bind 127.0.0.1 --directory "$work/site" >/dev/null 2>&1 &
until_true curl -sf "http://127.0.0.1:$PORT_APP/"
"$reprise" serve -c "$work/mesh-server-side.yaml" 2>"$work/two.log" &
until_true grep -q 'listening' "$work/two.log"
"$reprise" serve -c "$work/mesh-client-side.yaml" 2>"$work/one.log" &
until_true grep -q 'listening' "$work/one.log"

visit() { curl -s --cacert "$work/front-ca.pem" "https://localhost:$PORT/" || echo "curl: $?"; }

echo "Three clients:"
for _ in 1 2 3; do visit; done
until_true logged 3 "$work/one.log"
until_true logged 3 "$work/two.log"
echo "The log of the first:"
show_log "$work/one.log"
echo "The log of the second:"
grep 'connection closed' "$work/two.log" | grep -oE ' (resumed|client_names|upstream|ending)=[^ ]*' | tr -d '\n' |
    sed 's/ ending=[^ ]*/&\n/g' | sed 's/^ //'
echo "The metrics of the first:"
show_metrics "$PORT_ADMIN"

echo "The first gets the certificate of a stranger, which it takes up by itself:"
cp "$work/stranger.pem" "$work/one.pem"
cp "$work/stranger.key" "$work/one.key"
until_true grep -q 'changed files read again' "$work/one.log"
visit
until_true logged 4 "$work/one.log"
until_true grep -q 'cause=other_certificate_name' "$work/two.log"
show_log "$work/one.log" | tail -n 1
grep -o 'ending=.*' "$work/one.log" | tail -n 1
show_log "$work/two.log" | tail -n 1
