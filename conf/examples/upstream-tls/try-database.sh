#!/usr/bin/env bash
# Shows TLS to Redis: ./try-database.sh [path of reprise]. It needs openssl, curl, redis-server and redis-cli, and leaves nothing
# behind. The ports are those of database.yaml, unless PORT, PORT_REDIS and PORT_ADMIN say otherwise.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reprise=${1:-reprise}
export PORT=${PORT:-16380} PORT_REDIS=${PORT_REDIS:-16379} PORT_ADMIN=${PORT_ADMIN:-19443}
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR
. "$here/functions.sh"

authority ca
certificate ca redis DNS:redis.internal
certificate ca reprise DNS:reprise.internal
certificate ca front DNS:localhost
cp "$here/database.yaml" "$work"

redis-server --port 0 --tls-port "$PORT_REDIS" --bind 127.0.0.1 --tls-cert-file "$work/redis.pem" \
    --tls-key-file "$work/redis.key" --tls-ca-cert-file "$work/ca.pem" --tls-auth-clients yes --save '' \
    --dir "$work" >"$work/redis.log" &
until_true grep -q 'Ready to accept' "$work/redis.log"
"$reprise" serve -c "$work/database.yaml" 2>"$work/log" &
until_true grep -q 'listening' "$work/log"
until_true checked

echo "Three clients:"
for _ in 1 2 3; do
    redis-cli -h 127.0.0.1 -p "$PORT" --tls --sni localhost --cacert "$work/ca.pem" incr visits
done
until_true logged 3
echo "The log:"
show_log "$work/log"
echo "The metrics:"
show_metrics "$PORT_ADMIN"
echo "/upstreams:"
curl -s "http://127.0.0.1:$PORT_ADMIN/upstreams" | grep -o '"tls":{[^}]*}'
