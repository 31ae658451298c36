#!/bin/sh
# Starts Redis with a password, in memory only. With `health`: ends with 0 if a key was written.
set -eu

if [ "${1:-}" = health ]; then
    export REDISCLI_AUTH="$REDIS_PASSWORD"
    redis-cli SET health written EX 60 >/dev/null
    [ "$(redis-cli GET health)" = written ]
    exit
fi

refuse() { echo "redis: $*" >&2; exit 1; }
case ",$COMPOSE_PROFILES," in
    *,shared,* | ",*,") ;;
    *) refuse "set COMPOSE_PROFILES=shared in .env; --profile alone does not tell the gateway" ;;
esac
[ -n "$REDIS_PASSWORD" ] || refuse "REDIS_PASSWORD is empty; run make up, which writes .env"

# From standard input, so that the process list does not show the password.
printf '%s\n' \
    "requirepass \"$REDIS_PASSWORD\"" 'bind 0.0.0.0' 'save ""' 'appendonly no' 'dir /data' \
    'maxmemory 128mb' 'maxmemory-policy volatile-ttl' | exec redis-server -
