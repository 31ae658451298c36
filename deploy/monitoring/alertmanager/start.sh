#!/bin/sh
# Starts Alertmanager with the addresses of ALERT_WEBHOOK_URL and DEADMAN_URL in its configuration.
set -eu
config=${ALERTMANAGER_TMP:-/tmp}/alertmanager.yml
umask 077 # an address may hold a secret
cat "${ALERTMANAGER_FILES:-/etc/alertmanager}/alertmanager.yml" >"$config"

# receiver NAME ADDRESS: puts the address in; without one, the receiver becomes `nobody`.
receiver() {
    case $2 in
        "") sed -i "s/receiver: $1\$/receiver: nobody/" "$config" ;;
        *[!!-~]* | *[\"\'\\]*) refuse "$1" ;;
        http://?* | https://?*)
            escaped=$(printf '%s' "$2" | sed 's/[&|]/\\&/g')
            sed -i "s|http://$1.invalid/|\"$escaped\"|" "$config" ;;
        *) refuse "$1" ;;
    esac
}
refuse() {
    echo "alertmanager: the address for $1 is no http:// or https:// URL" >&2
    exit 1
}
receiver operators "${ALERT_WEBHOOK_URL:-}"
receiver deadman "${DEADMAN_URL:-}"

# Debian's package has the longer name.
program=$(command -v alertmanager || command -v prometheus-alertmanager)
exec "$program" --config.file="$config" \
    --storage.path="${ALERTMANAGER_DATA:-/alertmanager}" --cluster.listen-address= "$@"
