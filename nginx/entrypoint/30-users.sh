#!/bin/sh
# Before nginx starts: the password file, the secret towards the gateway, who may connect, call and frame the page.
set -euf
private_hosts='localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]+){3}|10(\.[0-9]+){3}|192\.168(\.[0-9]+){2}|172\.(1[6-9]|2[0-9]|3[01])(\.[0-9]+){2}|169\.254(\.[0-9]+){2}|\[::1\]|\[f[cd][0-9a-f:]+\]'
out=${NGINX_ETC:-/etc/nginx}
if [ -z "${BASIC_AUTH_PASSWORD:-}" ] || [ -z "${PROXY_SECRET:-}" ]; then
    echo "nginx: BASIC_AUTH_PASSWORD and PROXY_SECRET are empty; run make up, which writes .env" >&2
    exit 1
fi
case $PROXY_SECRET in
    *[!A-Za-z0-9._~+/=-]*)
        echo "nginx: PROXY_SECRET has other characters than A-Z a-z 0-9 . _ ~ + / = -, which mean something in its configuration" >&2
        exit 1 ;;
esac
umask 027
# SHA-512 crypt with 1,000 rounds: nginx checks it in its worker at every request, and bcrypt would hold that up for longer.
salt=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
hash=$(PASSWORD=$BASIC_AUTH_PASSWORD perl -e 'print crypt($ENV{PASSWORD}, "\$6\$rounds=1000\$$ARGV[0]\$")' "$salt")
{
    printf '%s:%s\n' "${BASIC_AUTH_USER:-admin}" "$hash"
    if [ -r "$out/users/htpasswd" ]; then cat "$out/users/htpasswd"; fi
} >"$out/htpasswd"
printf 'proxy_set_header X-SightDesk-Proxy-Secret "%s";\n' "$PROXY_SECRET" >"$out/proxy-secret.conf"
# ALLOWED_ORIGINS as frame-ancestors of embed.html; CSP knows no networks: `private` is localhost (gateway/auth/origins.py).
ancestors="'self'"
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',A-Z' ' a-z'); do
    case $origin in
        private) ancestors="$ancestors http://localhost:* http://127.0.0.1:*" ;;
        *) ancestors="$ancestors ${origin%/}" ;;
    esac
done
printf 'set $desk_ancestors "%s";\n' "$ancestors" >"$out/embed-ancestors.conf"
# The same origins, for nginx's own errors: those of the gateway carry its own headers (gateway/auth/origins.py).
for origin in $(printf '%s' "${ALLOWED_ORIGINS:-private}" | tr ',A-Z' ' a-z'); do
    case $origin in
        private) printf '"~^https?://(%s)(:[0-9]+)?$" $http_origin;\n' "$private_hosts" ;;
        *) printf '"%s" $http_origin;\n' "${origin%/}" ;;
    esac
done >"$out/cors-origins.conf"
# ALLOWED_IPS; by default the private networks, as in the gateway.
allowed=${ALLOWED_IPS:-127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,fc00::/7,fe80::/10}
if [ "$allowed" != "*" ]; then
    for network in $(printf '%s' "$allowed" | tr ',' ' '); do printf 'allow %s;\n' "$network"; done
    echo 'deny all;'
fi >"$out/allowed-ips.conf"
# A proxy before us, one that ends TLS say: from it alone the client's address and scheme are believed.
for network in $(printf '%s' "${FRONT_PROXIES:-}" | tr ',' ' '); do printf 'set_real_ip_from %s;\n' "$network"; done >"$out/real-ip.conf"
for network in $(printf '%s' "${FRONT_PROXIES:-}" | tr ',' ' '); do printf '%s 1;\n' "$network"; done >"$out/front-proxies.conf"
# TLS, once nginx/certs/ holds a certificate.
if [ -r "$out/certs/tls.crt" ] && [ -r "$out/certs/tls.key" ]; then
    printf 'listen 443 ssl;\nssl_certificate %s/certs/tls.crt;\nssl_certificate_key %s/certs/tls.key;\nssl_protocols TLSv1.2 TLSv1.3;\n' "$out" "$out"
fi >"$out/tls.conf"
chgrp nginx "$out/htpasswd" 2>/dev/null || chmod 644 "$out/htpasswd"
