#!/bin/sh
# Runs before nginx starts. nginx can write its error log in one form only, which has the query of
# the request in it. A pipe leads to a small filter, which writes the gateway's form to stdout.
set -eu
pipe=${NGINX_ERRORS:-/tmp/nginx-errors.fifo}
rm -f "$pipe"
mkfifo -m 622 "$pipe"
# Opened for reading and writing: the pipe has a reader for as long as the filter runs, so nginx
# never waits when it opens its log again.
filter='
use strict;
use warnings;
use POSIX qw(strftime);
$| = 1;
my %level = (debug => "debug", info => "info", notice => "info", warn => "warning");
open(my $in, "+<", $ARGV[0]) or die "nginx: cannot open $ARGV[0]: $!\n";
while (my $line = <$in>) {
    chomp $line;
    my ($said, $text) = $line =~ /^\S+ \S+ \[(\w+)\] (?:\d+#\d+: )?(.*)$/s;
    ($said, $text) = ("error", $line) unless defined $text;
    # The end of a field, since nginx does not escape quotes in it.
    my $end = qr/"(?=, (?:subrequest|upstream|host|referrer): "|$)/;
    $text =~ s{((?:request|upstream|referrer): "[^?]*?)\?.*?( HTTP/[0-9.]+)?$end}
              {$1 . ($2 // "") . q(")}ge;
    $text =~ s/([\\"])/\\$1/g;
    $text =~ s/([\x00-\x1f\x7f-\xff])/sprintf("\\u%04x", ord($1))/ge;
    my $time = strftime("%Y-%m-%dT%H:%M:%S+00:00", gmtime);
    printf qq({"time": "%s", "level": "%s", "event": "nginx_error", "message": "%s"}\n),
        $time, $level{$said} // "error", $text;
}
'
# Started again should it end. Its input is not the entry point script.
(while :; do perl -e "$filter" "$pipe" || sleep 1; done) </dev/null &
