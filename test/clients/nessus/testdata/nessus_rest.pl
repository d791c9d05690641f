#!/usr/bin/perl
# Drives a console with Net::Nessus::REST, the module of Debian's package.
use strict;
use warnings;
use Net::Nessus::REST;

sub check {
    my ($what, $ok, $seen) = @_;
    die "FAILED: $what: " . ($seen // 'nothing') . "\n" unless $ok;
    print "ok: $what\n";
}

# The module's own default address ends in a slash, so that every path begins
# with two.
my $n = Net::Nessus::REST->new(
    url      => "$ENV{HARRIER_URL}/",
    ssl_opts => { verify_hostname => 0, SSL_verify_mode => 0 },
);

eval { $n->create_session(username => $ENV{HARRIER_USER}, password => 'wrong') };
check('a wrong password is refused', $@ =~ /Invalid Credentials/, $@);
$n->create_session(username => $ENV{HARRIER_USER}, password => $ENV{HARRIER_PASSWORD});

my $template = $n->get_template_id(type => 'scan', name => 'basic');
check('the basic template', $template);
check('a scanner', scalar $n->list_scanners());
check('a folder', $n->get_folder_id(name => 'My Scans') == 3);
my @families = $n->list_plugin_families();
check('families', @families >= 8);
check('a family', $n->get_plugin_family_details(id => $families[0]{id})->{name} eq $families[0]{name});
check('a plugin', $n->get_plugin_details(id => 10180)->{name} eq 'Ping the remote host');

my $scan = $n->create_scan(
    uuid     => $template,
    settings => {
        name => 'perl', text_targets => $ENV{HARRIER_TARGETS}, portscan_range => $ENV{HARRIER_PORTS},
        folder_id => '3', enabled => 'false',
    },
);
check('a scan is made', $scan->{id});
check('it is found by name', $n->get_scan_id(name => 'perl') == $scan->{id});
my $uuid = $n->launch_scan(scan_id => $scan->{id});
check('it is launched', $uuid);

my $end = time + 120;
my $status;
do {
    sleep 1;
    $status = $n->get_scan_status(scan_id => $scan->{id});
    die "FAILED: the scan is still $status\n" if time > $end;
} until $status eq 'completed';
check('it completes', 1);

my $history = $n->get_scan_history_id(scan_id => $scan->{id}, scan_uuid => $uuid);
check('its run is in the history', $history);
my $details = $n->get_scan_details(scan_id => $scan->{id}, history_id => $history);
my ($host) = grep { $_->{hostname} eq $ENV{HARRIER_WEB} } @{ $details->{hosts} };
check('its hosts', @{ $details->{hosts} } == 3 && $host);
my $results = $n->get_scan_host_details(scan_id => $scan->{id}, host_id => $host->{host_id});
check('the results of one', @{ $results->{vulnerabilities} } > 0);
my $output = $n->get_scan_plugin_output(scan_id => $scan->{id}, host_id => $host->{host_id}, plugin_id => 10180);
check('the ping', $output->{outputs}[0]{plugin_output} =~ /^The remote host is up\n/, $output->{outputs}[0]{plugin_output});

for my $format (qw(nessus csv)) {
    my $file = $n->export_scan(scan_id => $scan->{id}, format => $format, history_id => $history);
    check("an export as $format", $file =~ /^\d+$/, $file);
    until ($n->get_scan_export_status(scan_id => $scan->{id}, file_id => $file) eq 'ready') {
        die "FAILED: the export takes for ever\n" if time > $end;
        sleep 1;
    }
    my $path = "$ENV{HARRIER_OUT}/perl.$format";
    $n->download_scan(scan_id => $scan->{id}, file_id => $file, filename => $path);
    check("it has $ENV{HARRIER_WEB}", `grep -c '$ENV{HARRIER_WEB}' '$path'` > 0);
}

my $uploaded = $n->file_upload(file => "$ENV{HARRIER_OUT}/perl.nessus");
check('a file is uploaded', $uploaded->{fileuploaded}, join ',', %$uploaded);

$n->set_scan_read_status(scan_id => $scan->{id}, status => 'read');
$n->configure_scan(scan_id => $scan->{id}, uuid => $template, settings => { name => 'perl changed', text_targets => $ENV{HARRIER_WEB} });
check('it is changed', $n->get_scan_id(name => 'perl changed') == $scan->{id});

my $long = $n->create_scan(uuid => $template, settings => { name => 'perl long', text_targets => '127.78.1.0/24', portscan_range => '1-20000' });
$n->launch_scan(scan_id => $long->{id});
$n->stop_scan(scan_id => $long->{id});
$status = $n->get_scan_status(scan_id => $long->{id});
check('stopping shows at once', $status =~ /^(?:stopping|canceled)$/, $status);
$end = time + 30;
until ($n->get_scan_status(scan_id => $long->{id}) eq 'canceled') {
    die "FAILED: it does not stop\n" if time > $end;
    sleep 1;
}
check('and then it is canceled', 1);

$n->delete_scan(scan_id => $long->{id});
$n->delete_scan_history(scan_id => $scan->{id}, history_id => $history);
$n->delete_scan(scan_id => $scan->{id});
eval { $n->get_scan_details(scan_id => $scan->{id}) };
check('a deleted scan is gone', $@ =~ /server error: /, $@);
$n->destroy_session();
print "all is well\n";
