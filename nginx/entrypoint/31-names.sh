#!/bin/sh
# Runs before nginx starts. nginx looks the gateway up again and again, and would reach nothing
# while the name server is gone. So a loop asks the name server, and nginx asks a small one in this
# container, which goes on with the addresses that were found last.
set -euf
out=${NGINX_ETC:-/etc/nginx}/generated
gateway=${GATEWAY_ADDRESS:-gateway:8000} # Kubernetes: a full name, since no names are completed
port=${NAMES_PORT:-5053}
seconds=${NAMES_SECONDS:-2} # between two looks; 0: none
host=${gateway%:*}
addresses=$out/gateway-addresses
mkdir -p "$out"
{
    printf 'resolver 127.0.0.1:%s valid=1s ipv6=off;\nresolver_timeout 2s;\n' "$port"
    printf 'set $gateway http://%s;\n' "$gateway"
} >"$out/gateway.conf"

look_up() {
    found=$(RES_OPTIONS='timeout:1 attempts:1' getent ahostsv4 "$host" | sed -n 's/ *STREAM.*//p')
    if [ -n "$found" ]; then
        printf '%s\n' "$found" >"$addresses.new"
        mv -f "$addresses.new" "$addresses"
    fi
}
# A name server for one name.
answer='
use strict;
use warnings;
use Socket;
my ($addresses, $host, $port) = @ARGV;
socket(my $wire, PF_INET, SOCK_DGRAM, 0) or die "nginx: no socket: $!\n";
bind($wire, pack_sockaddr_in($port, INADDR_LOOPBACK))
    or die "nginx: cannot listen on 127.0.0.1:$port: $!\n";
my ($ipv4, $internet, $flags, $failed) = (1, 1, 0x8180, 2);
my $known = join("", map { pack("C/a", $_) } split(/\./, lc $host)) . pack("xnn", $ipv4, $internet);
while (1) {
    my $client = recv($wire, my $query, 512, 0) or next;
    my $question = substr($query, 12, length $known);
    my @found;
    if (lc($question) eq $known and open(my $file, "<", $addresses)) { chomp(@found = <$file>); }
    my $head = pack("n5", $flags | (@found ? 0 : $failed), 1, scalar @found, 0, 0);
    my @start = (0xc00c, $ipv4, $internet, 1); # the name as in the question, and seconds to live
    my $records = join("", map { pack("n3Nn/a", @start, inet_aton($_)) } @found);
    send($wire, substr($query, 0, 2) . $head . $question . $records, 0, $client);
}
'
case $host in
    *[!0-9.]*) ;;
    *) seconds=0 ;; # an address
esac
if [ "$seconds" != 0 ]; then
    look_up || true
    (while sleep "$seconds"; do look_up || true; done) </dev/null &
    # Started again should it end.
    (while :; do perl -e "$answer" "$addresses" "$host" "$port" || sleep 1; done) </dev/null &
fi
