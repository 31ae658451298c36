#!/bin/sh
# Before nginx starts: the password file, the secret towards the gateway, the page's policy.
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
# ALLOWED_ORIGINS as frame-ancestors, which knows no networks: `private` is this origin and localhost.
ancestors=""
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',' ' '); do
    case $origin in
        private) ancestors="$ancestors 'self' http://localhost:* http://127.0.0.1:*" ;;
        *) ancestors="$ancestors $origin" ;;
    esac
done
policy="default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors$ancestors"
printf 'add_header Content-Security-Policy "%s" always;\n' "$policy" >"$out/content-security-policy.conf"
# TLS, once nginx/certs/ holds a certificate.
if [ -r "$out/certs/tls.crt" ] && [ -r "$out/certs/tls.key" ]; then
    printf 'listen 443 ssl;\nssl_certificate %s/certs/tls.crt;\nssl_certificate_key %s/certs/tls.key;\nssl_protocols TLSv1.2 TLSv1.3;\n' "$out" "$out"
fi >"$out/tls.conf"
chgrp nginx "$out/htpasswd" 2>/dev/null || chmod 644 "$out/htpasswd"
