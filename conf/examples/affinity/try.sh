#!/usr/bin/env bash
# Shows session affinity: ./try.sh [path of reprise]. It needs openssl, curl and python3, and leaves nothing behind. The ports
# are those of reprise.yaml, unless PORT and PORT_A to PORT_D say otherwise.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reprise=${1:-reprise}
export PORT=${PORT:-8443} PORT_A=${PORT_A:-9001} PORT_B=${PORT_B:-9002} PORT_C=${PORT_C:-9003} PORT_D=${PORT_D:-9004}
work=$(mktemp -d)
declare -A process

finish() {
    # shellcheck disable=SC2046
    kill $(jobs -p) 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

# Waits for a condition, up to ten seconds.
until_true() {
    for _ in {1..200}; do
        if "$@" >"$work/condition" 2>&1; then return 0; fi
        sleep 0.05
    done
    echo "not within ten seconds: $*" >&2
    cat "$work"/condition "$work"/log >&2 || true
    exit 1
}

answers() { test "$(curl -s "http://127.0.0.1:$2/")" = "$1"; }

# An HTTP server that answers with its name.
upstream() {
    python3 -c '
import http.server, sys
class Named(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((sys.argv[2] + "\n").encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Named).serve_forever()' "$2" "$1" &
    process[$1]=$!
    until_true answers "$1" "$2"
}

# Visits with a TLS version and a client's file, which holds its newest session; says the server's name.
visit() {
    local session=()
    [ -s "$work/$2" ] && session=(-sess_in "$work/$2")
    printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "127.0.0.1:$PORT" -servername localhost "-$1" \
        -sess_out "$work/$2" "${session[@]}" -quiet 2>/dev/null | tail -n 1
}

# Three visits of one client, as one line.
visits() { echo "$1, client $2: $(visit "$1" "$2") $(visit "$1" "$2") $(visit "$1" "$2")"; }

logged() { test "$(grep -c 'connection closed' "$work/log")" -ge "$1"; }

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/localhost.key" -out "$work/localhost.pem" 2>/dev/null
cp "$here/reprise.yaml" "$work"
upstream a "$PORT_A"
upstream b "$PORT_B"
upstream c "$PORT_C"
upstream d "$PORT_D"
"$reprise" serve -c "$work/reprise.yaml" 2>"$work/log" &
until_true grep -q 'listening' "$work/log"

echo "Clients that resume:"
for client in 1 2 3 4; do visits tls1_3 "$client"; done
for client in 5 6; do visits tls1_2 "$client"; done

echo "curl, three URLs in one invocation, then once more:"
url="https://localhost:$PORT/"
echo "$(curl -sk "$url" "$url" "$url" | tr '\n' ' ')| $(curl -sk "$url")"

stopped=$(visit tls1_3 1)
kill "${process[$stopped]}"
wait "${process[$stopped]}" 2>/dev/null || true
echo "Server $stopped has stopped:"
for client in 1 2 3 4; do visits tls1_3 "$client"; done

# 18 visits, 4 of curl, 1 to learn the name, 12 more; and a line of the log may take a moment.
until_true logged 35
echo "The log:"
grep -o 'affinity=[a-z_]*' "$work/log" | sort | uniq -c
