#!/bin/sh
# Runs before nginx starts. Writes the settings of TLS, then looks for a new certificate while nginx
# runs. nginx reads copies in $out/tls: a new certificate that cannot be used changes nothing.
set -euf
etc=${NGINX_ETC:-/etc/nginx}
out=$etc/generated
mkdir -p "$out"
given=$etc/certs
used=$out/tls
check=${NGINX_CHECK:-nginx -t -q}
reload=${NGINX_RELOAD:-nginx -s reload}
seconds=${CERTIFICATE_SECONDS:-20} # between two looks; 0: none
listen=${HTTPS_LISTEN:-443}
say() { echo "nginx: $*" >&2; }
digest() { cat "$given/tls.crt" "$given/tls.key" 2>/dev/null | sha256sum; }

is_given() { [ -r "$given/tls.crt" ] && [ -r "$given/tls.key" ]; }

# Whether a certificate belongs to a key.
fits() {
    of_certificate=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) || return 1
    of_key=$(openssl pkey -in "$2" -passin pass: -pubout 2>/dev/null) || return 1
    [ "$of_certificate" = "$of_key" ]
}

# copy FROM TO: certificate and key of one folder into another.
copy() {
    mkdir -p "$2"
    chmod 700 "$2"
    cp "$1/tls.crt" "$2/tls.crt"
    (umask 077 && cat "$1/tls.key" >"$2/tls.key")
}

make_self_signed() {
    names=DNS:localhost,IP:127.0.0.1
    host=$(printf '%s' "${PUBLIC_URL:-}" | sed -n 's#^https\{0,1\}://\([A-Za-z0-9.-]*\).*#\1#p')
    case $host in
        "" | localhost) ;;
        *[!0-9.]*) names=$names,DNS:$host ;;
        *) names=$names,IP:$host ;;
    esac
    mkdir -p "$used"
    chmod 700 "$used"
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -days 365 -subj "/CN=SightDesk, self-signed" -addext "subjectAltName=$names" \
        -keyout "$used/tls.key" -out "$used/tls.crt" 2>/dev/null)
    say "TLS with a self-signed certificate, for trying: browsers warn of it"
}

# HTTP/2 has its own directive since nginx 1.25.
has_http2_directive() {
    minor=$(nginx -v 2>&1 | sed -n 's#.*nginx/1\.\([0-9]*\).*#\1#p')
    [ "${minor:-25}" -ge 25 ]
}

write_settings() {
    if [ -r "$used/tls.crt" ]; then
        if has_http2_directive; then
            printf 'listen %s ssl;\nhttp2 on;\n' "$listen"
        else
            printf 'listen %s ssl http2;\n' "$listen"
        fi
        echo "ssl_certificate $used/tls.crt;"
        echo "ssl_certificate_key $used/tls.key;"
        echo 'ssl_protocols TLSv1.2 TLSv1.3;'
        echo 'ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;'
        echo 'ssl_prefer_server_ciphers off;'
        echo 'ssl_session_cache shared:tls:10m;'
        echo 'ssl_session_timeout 1d;'
        echo 'ssl_session_tickets off;'
    fi >"$out/tls.conf"
}

end_of() { openssl x509 -in "$1/tls.crt" -noout -enddate | sed 's/notAfter=//'; }

# Puts the given certificate in place of the used one, or says why not.
renew() {
    if ! fits "$given/tls.crt" "$given/tls.key"; then
        say "nginx/certs: tls.crt and tls.key do not belong together or cannot be read; no change"
        return
    fi
    if ! openssl x509 -in "$given/tls.crt" -noout -checkend 0 >/dev/null; then
        say "nginx/certs: the certificate has expired ($(end_of "$given")); no change"
        return
    fi
    rm -rf "$used.old"
    if [ -d "$used" ]; then cp -pR "$used" "$used.old"; fi
    copy "$given" "$used"
    write_settings
    if reason=$($check 2>&1); then
        $reload
        say "TLS with a new certificate, valid until $(end_of "$used")"
    else
        rm -rf "$used"
        if [ -d "$used.old" ]; then mv "$used.old" "$used"; fi
        write_settings
        say "nginx/certs: nginx cannot use the new certificate: $reason; no change"
    fi
}

# A renewal writes two files, one after the other: only what two looks find alike counts.
watch_certificate() {
    known=$1
    before=$known
    while sleep "$seconds"; do
        now=$(digest)
        if [ "$now" != "$known" ] && [ "$now" = "$before" ] && is_given; then
            known=$now
            renew
        fi
        before=$now
    done
}

if [ -e "$given/tls.key" ] && [ ! -r "$given/tls.key" ]; then
    say "user $(id -u) cannot read nginx/certs/tls.key: chown it, or set NGINX_UID"
    exit 1
fi
if is_given; then
    if fits "$given/tls.crt" "$given/tls.key"; then
        copy "$given" "$used"
        openssl x509 -in "$used/tls.crt" -noout -checkend 0 >/dev/null ||
            say "nginx/certs: the certificate has expired ($(end_of "$used"))"
    elif [ -r "$used/tls.crt" ]; then
        say "nginx/certs: tls.crt and tls.key do not belong together; the former ones are used"
    else
        say "nginx/certs: tls.crt and tls.key do not belong together or cannot be read; no TLS"
    fi
else
    case ${TLS:-} in
        "") rm -rf "$used" ;;
        self-signed)
            openssl x509 -in "$used/tls.crt" -noout -checkend 2592000 >/dev/null 2>&1 ||
                make_self_signed ;;
        *)
            say "TLS=$TLS: self-signed, or nothing"
            exit 1 ;;
    esac
fi
write_settings
# HSTS_SECONDS: so long browsers use TLS only.
case ${HSTS_SECONDS:-0} in
    0) ;;
    *[!0-9]*)
        say "HSTS_SECONDS=$HSTS_SECONDS: a number of seconds"
        exit 1 ;;
    *) echo "https \"max-age=$HSTS_SECONDS\";" ;;
esac >"$out/hsts.conf"
[ "$seconds" = 0 ] || watch_certificate "$(digest)" </dev/null &
