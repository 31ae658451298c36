#!/bin/sh
# Starts PostgreSQL as an unprivileged user, and makes the database `sightdesk` at the first start.
# With `health`: ends with 0 if a row was written.
set -eu
bin=$(dirname "$(readlink -f "$(command -v postgres || ls /usr/lib/postgresql/*/bin/postgres)")")

if [ "${1:-}" = health ]; then
    # In the database `postgres`, so that the desk's own holds the desk's tables only.
    sql="CREATE TABLE IF NOT EXISTS health (id int PRIMARY KEY, at timestamptz NOT NULL);
        INSERT INTO health VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = now()"
    exec env PGOPTIONS="-c client_min_messages=warning" PGPASSWORD="$POSTGRES_PASSWORD" \
        PGCONNECT_TIMEOUT=3 "$bin/psql" -qX -h 127.0.0.1 -U sightdesk -d postgres \
        -v ON_ERROR_STOP=1 -c "$sql"
fi

refuse() { echo "postgres: $*" >&2; exit 1; }
case ",$COMPOSE_PROFILES," in
    *,shared,* | ",*,") ;;
    *) refuse "set COMPOSE_PROFILES=shared in .env; --profile alone does not tell the gateway" ;;
esac
[ -n "$POSTGRES_PASSWORD" ] || refuse "POSTGRES_PASSWORD is empty; run make up, which writes .env"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Made beside its place: a first start that was cut off begins again.
    new=$PGDATA.new
    rm -rf "$new"
    mkdir -p "$new"
    chmod 700 "$new"
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    "$bin/initdb" -D "$new" -U sightdesk --pwfile=/tmp/password -A scram-sha-256 -E UTF8 \
        --locale=C --data-checksums >/dev/null
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$new/pg_hba.conf"
    echo "CREATE DATABASE sightdesk" |
        "$bin/postgres" --single -D "$new" postgres >/dev/null
    rm -rf "$PGDATA"
    mv "$new" "$PGDATA"
fi
exec "$bin/postgres" -D "$PGDATA" -c "listen_addresses=*" -c unix_socket_directories=/tmp
