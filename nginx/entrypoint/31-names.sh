#!/bin/sh
# Runs before nginx starts. Writes the gateway's addresses for nginx, then looks for others while
# nginx runs: a gateway that is started anew may have another one. While the name server is gone,
# those that were found last stay. nginx's own `resolver` would reach nothing then.
set -euf
out=${NGINX_ETC:-/etc/nginx}/generated
mkdir -p "$out"
reload=${NGINX_RELOAD:-nginx -s reload}
seconds=${NAMES_SECONDS:-2}              # between two looks; 0: none
gateway=${GATEWAY_ADDRESS:-gateway:8000} # Kubernetes: a full name, since no names are completed
host=${gateway%:*}
port=${gateway##*:}

addresses() {
    RES_OPTIONS='timeout:1 attempts:1' getent ahostsv4 "$host" | sed -n 's/ *STREAM.*//p' | sort
}

# Without an address nginx answers 503. `fail_timeout`: a gateway that fails is left out so long.
write_addresses() {
    {
        echo 'upstream gateways {'
        echo '    zone gateways 64k;'
        for address in $1; do echo "    server $address:$port fail_timeout=2s;"; done
        [ -n "$1" ] || echo '    server 127.0.0.1 down;'
        echo '}'
    } >"$out/gateways.conf"
}

watch_addresses() {
    known=$1
    while sleep "$seconds"; do
        found=$(addresses)
        if [ -n "$found" ] && [ "$found" != "$known" ]; then
            write_addresses "$found"
            if $reload; then known=$found; fi # else nginx does not run yet
        fi
    done
}

first=$(addresses)
write_addresses "$first"
[ "$seconds" = 0 ] || watch_addresses "$first" </dev/null &
