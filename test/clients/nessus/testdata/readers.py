"""Reads an export with published readers of .nessus and CSV files."""
import csv
import os

import nessus_file_reader as nfr
from libnessus.parser import NessusParser
from tenable.reports.nessusv2 import NessusReportv2

OUT = os.environ["HARRIER_OUT"]
TARGETS = sorted(os.environ["HARRIER_TARGETS"].split(","))
NESSUS, CSV = os.path.join(OUT, "clients.nessus"), os.path.join(OUT, "clients.csv")


def check(what, ok, seen=None):
    if not ok:
        raise SystemExit(f"FAILED: {what}: {seen!r}")
    print("ok:", what)


# pyTenable, streamed.
items = list(NessusReportv2(NESSUS))
check("pyTenable reads every host", sorted({i["host-ip"] for i in items}) == TARGETS)
check("with numbers and dates", all(isinstance(i["pluginID"], int) and i["plugin_modification_date"].year > 1999 and i["HOST_START"] for i in items))

# python-libnessus, strictly.
report = NessusParser.parse_fromfile(NESSUS, strict=True)
check("libnessus reads every host", sorted(h.address for h in report.hosts) == TARGETS)
check("and as many results", sum(len(h.get_report_items) for h in report.hosts) == len(items), len(items))
check("with times", report.started <= report.endtime, (report.started, report.endtime))
for item in report.hosts[0].get_report_items:
    check(f"  {item.plugin_name}", item.synopsis and item.description and item.solution and item.severity in "01234")

# nessus-file-reader.
root = nfr.file.nessus_scan_file_root_element(NESSUS)
check("the report's name", nfr.scan.report_name(root) == "clients", nfr.scan.report_name(root))
check("its source", nfr.scan.scan_file_source(root).startswith("Nessus"), nfr.scan.scan_file_source(root))
check("the targets", sorted(nfr.scan.list_of_target_hosts(root)) == TARGETS, nfr.scan.list_of_target_hosts(root))
check("all were scanned", not nfr.scan.list_of_not_scanned_hosts(root), nfr.scan.list_of_not_scanned_hosts(root))
check("the plugin set", nfr.scan.plugin_set_number(root) > 20, nfr.scan.plugin_set(root))
check("the policy's numbers", int(nfr.scan.policy_max_hosts(root)) > 0 and int(nfr.scan.policy_max_checks(root)) > 0)
check("the times", nfr.scan.scan_time_start(root) <= nfr.scan.scan_time_end(root))
for host in nfr.scan.report_hosts(root):
    name = nfr.host.report_host_name(host)
    check(f"  {name}: address", nfr.host.resolved_ip(host) == name)
    check(f"  {name}: not signed in", nfr.host.credentialed_checks(root, host) == "no", nfr.host.credentialed_checks(root, host))
    check(f"  {name}: the scanner", nfr.host.scanner_ip(root, host), nfr.host.scanner_ip(root, host))
    check(f"  {name}: time", nfr.host.host_time_start(host) <= nfr.host.host_time_end(host))
    check(f"  {name}: results", nfr.host.number_of_plugins(host) > 0)
    for item in nfr.host.report_items(host):
        nfr.plugin.plugin_date(nfr.plugin.report_item_value(item, "plugin_publication_date"))
        if item.get("pluginID") == "22964":
            check(f"  {name}: output", nfr.plugin.plugin_output(root, host, "22964"))

# The table, by position and by name, as its readers take it.
with open(CSV, newline="") as f:
    rows = list(csv.reader(f))
check("the default header", rows[0] == "Plugin ID,CVE,CVSS v2.0 Base Score,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output".split(","))
check("every row is whole", all(len(r) == 13 for r in rows))
check("risks", {r[3] for r in rows[1:]} <= {"None", "Low", "Medium", "High", "Critical"})
check("ports", all(r[6].isdigit() and r[5] in ("tcp", "udp", "icmp") for r in rows[1:]))
check("no row is given twice", len({tuple(r) for r in rows[1:]}) == len(rows) - 1)
print("all is well")
