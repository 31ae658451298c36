#!/bin/sh
# Runs before nginx starts. Writes the password file, how people sign in, the secret for the
# gateway, and the lists of addresses and origins that may connect, call the API and frame the page.
set -euf
private_hosts='localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]+){3}|10(\.[0-9]+){3}'
private_hosts="$private_hosts"'|192\.168(\.[0-9]+){2}|172\.(1[6-9]|2[0-9]|3[01])(\.[0-9]+){2}'
private_hosts="$private_hosts"'|169\.254(\.[0-9]+){2}|\[::1\]|\[f[cd][0-9a-f:]+\]'
etc=${NGINX_ETC:-/etc/nginx}
# A folder in memory: the container's root is read-only, and nginx is not root.
out=$etc/generated
mkdir -p "$out"
case $(printf '%s' "${BASIC_AUTH:-on}" | tr '[:upper:]' '[:lower:]') in
    on | true | 1 | yes) has_password=1 ;;
    off | false | 0 | no) has_password=0 ;;
    *)
        echo "nginx: BASIC_AUTH=$BASIC_AUTH: on or off" >&2
        exit 1 ;;
esac
if [ -z "${PROXY_SECRET:-}" ] || [ "$has_password${BASIC_AUTH_PASSWORD:-}" = 1 ]; then
    echo "nginx: BASIC_AUTH_PASSWORD or PROXY_SECRET is empty; run make up, which writes .env" >&2
    exit 1
fi
if [ $has_password = 0 ] && [ -z "${OIDC_ISSUER:-}" ]; then
    echo "nginx: BASIC_AUTH is off, and OIDC_ISSUER is empty: nobody could sign in" >&2
    exit 1
fi
case $PROXY_SECRET in
    *[!A-Za-z0-9._~+/=-]*)
        echo "nginx: PROXY_SECRET has other characters than A-Z a-z 0-9 . _ ~ + / = -" >&2
        exit 1 ;;
esac
umask 027
# SHA-512 crypt with 1,000 rounds. nginx's worker checks it at every request; bcrypt would block it
# for longer.
salt=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
crypt='print crypt($ENV{PASSWORD}, "\$6\$rounds=1000\$$ARGV[0]\$")'
{
    if [ $has_password = 1 ]; then
        hash=$(PASSWORD=$BASIC_AUTH_PASSWORD perl -e "$crypt" "$salt")
        printf '%s:%s\n' "${BASIC_AUTH_USER:-admin}" "$hash"
        if [ -r "$etc/users/htpasswd" ]; then cat "$etc/users/htpasswd"; fi
    fi
} >"$out/htpasswd"
printf 'set $desk_has_password %s;\n' $has_password >"$out/has-password.conf"
# With OIDC_ISSUER the gateway says who has a session of single sign-on. A password goes first.
if [ -n "${OIDC_ISSUER:-}" ]; then
    session='$upstream_http_x_sightdesk'
    echo 'auth_request /_session;'
    echo "auth_request_set \$desk_session_user ${session}_user;"
    echo "auth_request_set \$desk_session_sign_in ${session}_sign_in;"
    echo 'auth_request_set $desk_session_status $status;'
fi >"$out/session.conf"
case "$has_password ${OIDC_ISSUER:-}" in
    "1 ") echo 'default password;' ;;
    1*) printf '"~^[A-Z]+ $" session;\ndefault password;\n' ;;
    *) echo 'default session;' ;;
esac >"$out/sign-in-ways.conf"
printf 'proxy_set_header X-SightDesk-Proxy-Secret "%s";\n' "$PROXY_SECRET" >"$out/proxy-secret.conf"
# ALLOWED_ORIGINS as frame-ancestors of embed.html. CSP has no networks, so `private` is localhost
# (as in gateway/auth/origins.py).
ancestors="'self'"
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',A-Z' ' a-z'); do
    case $origin in
        private) ancestors="$ancestors http://localhost:* http://127.0.0.1:*" ;;
        *) ancestors="$ancestors ${origin%/}" ;;
    esac
done
printf 'set $desk_ancestors "%s";\n' "$ancestors" >"$out/embed-ancestors.conf"
# ALLOWED_ORIGINS for nginx's own errors. The gateway sets these headers on its own responses.
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',A-Z' ' a-z'); do
    case $origin in
        private) printf '"~^https?://(%s)(:[0-9]+)?$" $http_origin;\n' "$private_hosts" ;;
        *) printf '"%s" $http_origin;\n' "${origin%/}" ;;
    esac
done >"$out/cors-origins.conf"
# ALLOWED_IPS. The default is the private networks, as in gateway/settings.py.
private=127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16
allowed=${ALLOWED_IPS:-$private,fc00::/7,fe80::/10}
if [ "$allowed" != "*" ]; then
    for network in $(printf '%s' "$allowed" | tr ',' ' '); do printf 'allow %s;\n' "$network"; done
    echo 'deny all;'
fi >"$out/allowed-ips.conf"
# FRONT_PROXIES: proxies in front of nginx, for example one that ends TLS. Only these may say the
# client's address and scheme.
proxies=$(printf '%s' "${FRONT_PROXIES:-}" | tr ',' ' ')
for proxy in $proxies; do printf 'set_real_ip_from %s;\n' "$proxy"; done >"$out/real-ip.conf"
for proxy in $proxies; do printf '%s 1;\n' "$proxy"; done >"$out/front-proxies.conf"
chgrp nginx "$out/htpasswd" 2>/dev/null || chmod 644 "$out/htpasswd"
