#!/usr/bin/perl
# A send and a receive over RocketMQ's protocol with nothing but Debian's perl-base: hello.pl ADDRESS:PORT TOPIC TEXT
use strict;
use warnings;
use IO::Socket::INET;

my ($address, $topic, $text) = @ARGV;
die "usage: hello.pl ADDRESS:PORT TOPIC TEXT\n" unless defined $text;
my $socket = IO::Socket::INET->new(PeerAddr => $address, Timeout => 5) or die "hello.pl: $address: $@\n";

# length, header length, header, body (docs/remoting.md)
sub ask {
    my ($code, $fields, $body) = @_;
    my $ext = join ',', map { "\"$_\":\"$fields->{$_}\"" } sort keys %$fields;
    my $header = "{\"code\":$code,\"language\":\"OTHER\",\"version\":479,\"opaque\":1,\"flag\":0,\"extFields\":{$ext}}";
    print $socket pack('N N', 4 + length($header) + length($body), length $header), $header, $body;
    $socket->flush;
    my ($size, $head) = unpack 'N N', take(8);
    return (take($head & 0xFFFFFF), take($size - 4 - ($head & 0xFFFFFF)));
}

sub take {
    my ($wanted) = @_;
    my $got = '';
    while (length $got < $wanted) {
        read($socket, $got, $wanted - length $got, length $got) or die "hello.pl: the broker closed the connection\n";
    }
    return $got;
}

my ($sent) = ask(310, {a => 'hello', b => $topic, c => 'TBW102', d => 1, e => 0, f => 0, g => time . '000', h => 0, i => "TAGS\\u0001greeting\\u0002"}, $text);
die "hello.pl: $sent\n" unless $sent =~ /"code":0,/;
my ($offset) = $sent =~ /"queueOffset":"(\d+)"/;
print "sent to $topic, queue 0, offset $offset\n";

# Parked until the message is there: sysFlag 2, suspend; 4, with a subscription.
my ($found, $records) = ask(11, {consumerGroup => 'hello', topic => $topic, queueId => 0, queueOffset => $offset, maxMsgNums => 1, sysFlag => 6,
    commitOffset => 0, suspendTimeoutMillis => 5000, subscription => 'greeting', subVersion => 0}, '');
die "hello.pl: $found\n" unless $found =~ /"code":0,/;
my $body = substr $records, 88, unpack 'N', substr $records, 84, 4;    # docs/store-format.md, the record
print "received: $body\n";
