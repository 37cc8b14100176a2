# What the scripts here have in common: certificates, waiting, and what they show. Sourced with `work`, a folder of their own.
# shellcheck shell=bash
# shellcheck disable=SC2154

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
    cat "$work"/condition "$work"/*log >&2 || true
    exit 1
}

# An authority: its certificate and its key.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/CN=$1" \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}

# A certificate that an authority signs: authority, file, names.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$work/$2.key" \
        -out "$work/$2.csr" 2>/dev/null
    openssl x509 -req -in "$work/$2.csr" -CA "$work/$1.pem" -CAkey "$work/$1.key" -days 1 \
        -extfile <(echo "subjectAltName=$3") -out "$work/$2.pem" 2>/dev/null
}

# Whether a health check has got through, so that its session is there.
checked() { curl -s "http://127.0.0.1:$PORT_ADMIN/upstreams" | grep -q '"check":"up"'; }

logged() { test "$(grep -c 'connection closed' "${2:-$work/log}")" -ge "$1"; }

# What a log says of TLS with servers, a line for each connection.
show_log() {
    grep 'connection closed' "$1" | grep -oE '(^| )(resumed|upstream[a-z_]*|ending|cause)=[^ ]*' |
        tr -d '\n' | sed 's/ ending=[^ ]*/&\n/g; s/^ //; s/\n /\n/g'
}

# The metrics of an admin port that are not 0: handshakes with servers, what became of sessions, how many are kept.
show_metrics() {
    curl -s "http://127.0.0.1:$1/metrics" |
        grep -E '^reprise_upstream_(handshakes_total|handshakes_failed_total|resumptions_total|sessions)[ {]' |
        grep -v ' 0$'
}
