#!/bin/sh
# Before nginx starts: the password file, the secret towards the gateway, who may frame the page.
set -eu
out=${NGINX_ETC:-/etc/nginx}
if [ -z "${BASIC_AUTH_PASSWORD:-}" ] || [ -z "${PROXY_SECRET:-}" ]; then
    echo "nginx: BASIC_AUTH_PASSWORD and PROXY_SECRET are empty; run make up, which writes .env" >&2
    exit 1
fi
umask 027
# SHA-512 crypt with 1,000 rounds: nginx checks it in its worker at every request, and bcrypt would hold that up for longer.
salt=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
hash=$(PASSWORD=$BASIC_AUTH_PASSWORD perl -e 'print crypt($ENV{PASSWORD}, "\$6\$rounds=1000\$$ARGV[0]\$")' "$salt")
{
    printf '%s:%s\n' "${BASIC_AUTH_USER:-admin}" "$hash"
    if [ -r "$out/users/htpasswd" ]; then cat "$out/users/htpasswd"; fi
} >"$out/htpasswd"
printf 'proxy_set_header X-SightDesk-Proxy-Secret "%s";\n' "$PROXY_SECRET" >"$out/proxy-secret.conf"
# ALLOWED_ORIGINS as frame-ancestors of embed.html; CSP knows no networks: `private` is localhost (gateway/identity/origins.py).
ancestors="'self'"
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',A-Z' ' a-z'); do
    case $origin in
        private) ancestors="$ancestors http://localhost:* http://127.0.0.1:*" ;;
        *) ancestors="$ancestors ${origin%/}" ;;
    esac
done
printf 'set $desk_ancestors "%s";\n' "$ancestors" >"$out/embed-ancestors.conf"
# TLS, once nginx/certs/ holds a certificate.
if [ -r "$out/certs/tls.crt" ] && [ -r "$out/certs/tls.key" ]; then
    printf 'listen 443 ssl;\nssl_certificate %s/certs/tls.crt;\nssl_certificate_key %s/certs/tls.key;\nssl_protocols TLSv1.2 TLSv1.3;\n' "$out" "$out"
fi >"$out/tls.conf"
chgrp nginx "$out/htpasswd" 2>/dev/null || chmod 644 "$out/htpasswd"
