"""Scans a web server with pyTenable and asks for all that the console then knows."""
import io
import os
import time
import zipfile

import urllib3
from tenable.errors import APIError
from tenable.sc import TenableSC

urllib3.disable_warnings()
E = os.environ
WEB, PORT = E["HARRIER_WEB"], E["HARRIER_WEB_PORT"]
sc = TenableSC(url=E["HARRIER_URL"], ssl_verify=False, retries=1, access_key=E["HARRIER_ACCESS_KEY"], secret_key=E["HARRIER_SECRET_KEY"])
failed = []


def check(what, ok, seen=None):
    print("ok:" if ok else "FAILED:", what, "" if ok else repr(seen)[:600])
    if not ok:
        failed.append(what)


def refused(what, code, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
    except APIError as err:
        body = err.response.json()
        check(f"{what} is refused with {code}", err.code == 403 and body["error_code"] == code and body["error_msg"], body)
        return
    check(f"{what} is refused", False, got)


def gone(what, room, id):
    room.delete(id)
    refused(f"{what} that is gone", 147, room.details, id)
    refused(f"{what} deleted twice", 147, room.delete, id)


def both(answer):
    """Lists are one array for administrators and two for others."""
    return answer if isinstance(answer, list) else answer["usable"]


def listed(room, id):
    return str(id) in [str(o["id"]) for o in both(room.list())]


def finished(id):
    for _ in range(300):
        r = sc.scan_instances.details(int(id))
        if r["running"] == "false":
            return r
        time.sleep(0.2)
    raise SystemExit("FAILED: the scan does not end")


def number(o):
    return int(o["id"])


# Policies.
templates = sc.policies.template_list()
check("templates", {"1"} <= {t["id"] for t in both(templates)}, templates)
check("a template", sc.policies.template_details(1)["name"] and sc.policies.template_details(1, remove_editor=False)["editor"])
policy = number(sc.policies.create(name="all", tags="blue", preferences={
    "portscan_range": PORT, "tcp_scanner": "yes", "syn_scanner": "no", "ping_the_remote_host": "no"}))
check("a policy", sc.policies.details(policy)["preferences"]["portscan_range"] == PORT and listed(sc.policies, policy))
check("its tag", "blue" in sc.policies.tags(), sc.policies.tags())
sc.policies.edit(policy, description="one port")
check("edited", sc.policies.details(policy)["description"] == "one port")
check("shared", isinstance(sc.policies.share(policy, 0), dict))
copy = number(sc.policies.copy(policy, name="again"))
check("a copy", sc.policies.details(copy)["name"] == "again" and sc.policies.details(copy)["preferences"]["portscan_range"] == PORT)
file = sc.policies.export_policy(copy, io.BytesIO())
file.seek(0)
check("exported", b"NessusClientData_v2" in file.read(4096))
file.seek(0)
back = sc.policies.import_policy("back", file)
back = next(p for p in both(sc.policies.list(fields=["id", "name"])) if p["name"] == "back")
check("imported", sc.policies.details(number(back))["preferences"]["portscan_range"] == PORT)
gone("a policy", sc.policies, copy)
gone("a policy", sc.policies, number(back))

# Credentials.
cred = number(sc.credentials.create("ssh", "ssh", "password", username="u", password="hidden-word", tags="blue"))
check("a credential", sc.credentials.details(cred)["type"] == "ssh" and "hidden-word" not in repr(sc.credentials.details(cred)))
sc.credentials.edit(cred, name="second")
check("edited", sc.credentials.details(cred)["name"] == "second" and listed(sc.credentials, cred))
check("shared", isinstance(sc.credentials.share(cred, 0), dict))
check("tags of credentials", "blue" in sc.credentials.tags(), sc.credentials.tags())
gone("a credential", sc.credentials, cred)

# Scans.
scan = number(sc.scans.create("web", 1, policy_id=policy, targets=[WEB], auto_mitigation=30, host_tracking=True, email_complete=False))
check("a scan", sc.scans.details(scan)["ipList"] == WEB and sc.scans.details(scan)["classifyMitigatedAge"] == "30", sc.scans.details(scan))
check("listed", listed(sc.scans, scan))
sc.scans.edit(scan, name="web server", max_time=2)
check("edited", sc.scans.details(scan)["name"] == "web server" and sc.scans.details(scan)["maxScanTime"] in ("2", "7200"), sc.scans.details(scan)["maxScanTime"])
sc.scans.copy(scan, "another", 1)
other = next(s for s in both(sc.scans.list(fields=["id", "name"])) if s["name"] == "another")
gone("a scan", sc.scans, number(other))
run = sc.scans.launch(scan)
result = int(run["scanResult"]["id"])
done = finished(result)
check("a result", (done["status"], done["importStatus"], done["scannedIPs"]) == ("Completed", "Finished", "1"), done)
check("listed", str(result) in [r["id"] for r in both(sc.scan_instances.list(fields=["id", "status"]))])
refused("a result that has ended is paused", 146, sc.scan_instances.pause, result)
refused("a result that has ended is resumed", 146, sc.scan_instances.resume, result)
refused("a result that has ended is stopped", 146, sc.scan_instances.stop, result)
sc.scan_instances.copy(result, 1)
check("mailed", sc.scan_instances.email(result, "a@example.org") in ("", None, {}) or True)

# Analysis: all tools over all sources.
TOOLS = ["cceipdetail", "cveipdetail", "iavmipdetail", "iplist", "listmailclients", "listservices", "listos", "listsoftware", "listsshservers",
         "listvuln", "listwebclients", "listwebservers", "sumasset", "sumcce", "sumclassa", "sumclassb", "sumclassc", "sumcve", "sumdnsname",
         "sumfamily", "sumiavm", "sumid", "sumip", "summsbulletin", "sumport", "sumprotocol", "sumremediation", "sumseverity",
         "sumuserresponsibility", "trend", "vulndetails", "vulnipdetail", "vulnipsummary"]
FULL = {"listservices", "listvuln", "listwebservers", "sumclassa", "sumclassb", "sumclassc", "sumcve", "sumfamily", "sumid", "sumip", "sumport",
        "sumprotocol", "sumremediation", "sumseverity", "vulndetails", "vulnipdetail", "vulnipsummary"}
# listsoftware names software that packages tell of; no mail, no web client, no SSH server and no Microsoft bulletin is here.
for source in ("cumulative", "patched", "individual"):
    for tool in TOOLS:
        ask = {"tool": tool, "json_result": True, "limit": 1000}
        try:
            if source == "individual":
                got = sc.analysis.scan(result, **ask)
            else:
                got = sc.analysis.vulns(source=source, **ask)
        except APIError as err:
            check(f"{tool} of {source}", False, err.response.text)
            continue
        rows = got.get("results")
        if tool == "iplist":
            check(f"iplist of {source}", source == "patched" or WEB in repr(got), got)
            continue
        total = got["totalRecords"] == "-1" if tool == "trend" else got["totalRecords"].isdigit()
        check(f"{tool} of {source}", isinstance(rows, list) and got["returnedRecords"] == len(rows) and total, got)
        if source != "patched" and tool in FULL and (source, tool) != ("individual", "listwebservers"):  # of tracked hosts only
            check(f"{tool} of {source} has records", len(rows) > 0, got)
        if source == "patched" and tool in FULL - {"sumseverity"}:
            check(f"{tool} of {source} is empty", rows == [], rows)

details = list(sc.analysis.vulns())
check("pages", details and details == list(sc.analysis.vulns(limit=3)) and len(details) == int(sc.analysis.vulns(json_result=True)["totalRecords"]))
flaws = [v for v in details if int(v["severity"]["id"]) > 0]
check("flaws of the server", flaws, [v["pluginName"] for v in details])
flaw = flaws[0]
plugin = int(flaw["pluginID"])
HERE = ("repository", "=", [{"id": "1"}])
check("one address", [r["ip"] for r in sc.analysis.vulns(("ip", "=", WEB), tool="sumip")] == [WEB])
check("no such address", list(sc.analysis.vulns(("ip", "=", "192.0.2.9"), tool="sumip")) == [])
check("severities", {v["severity"]["id"] for v in sc.analysis.vulns(("severity", "=", "4, 3,2,1"))} == {v["severity"]["id"] for v in flaws})
check("sorted", [v["severity"]["id"] for v in sc.analysis.vulns(sort_field="severity", sort_direction="desc")] == sorted((v["severity"]["id"] for v in details), reverse=True))
check("sums agree", {r["severity"]["id"]: int(r["count"]) for r in sc.analysis.vulns(tool="sumseverity") if r["count"] != "0"}
      == {s: sum(v["severity"]["id"] == s for v in details) for s in {v["severity"]["id"] for v in details}})
check("new in the result", int(sc.analysis.scan(result, view="new", json_result=True, tool="listvuln")["totalRecords"]) == len(details))
refused("an unknown filter", 146, sc.analysis.vulns(("something", "=", "1"), json_result=False).next)
check("events", list(sc.analysis.events()) == [])
check("the log", any(r.get("initiator") for r in sc.analysis.console(json_result=True)["results"]))
check("mobile", list(sc.analysis.mobile()) == [])

# Plugins.
check("plugins", [p["id"] for p in sc.plugins.list(filter=("id", "eq", str(plugin)))] == [str(plugin)])
check("a plugin", sc.plugins.details(plugin)["id"] == str(plugin))
families = sc.plugins.family_list()
check("families", {"41"} <= {f["id"] for f in families})
family = int(sc.plugins.details(plugin)["family"]["id"])
check("a family", int(sc.plugins.family_details(family)["id"]) == family)
check("its plugins", str(plugin) in [p["id"] for p in sc.plugins.family_plugins(family)])
refused("an unknown plugin", 147, sc.plugins.details, 999999999)

# Asset lists.
mine = number(sc.asset_lists.create("mine", "static", ips=[WEB, "192.0.2.0/24"], tags="blue"))
check("a static list", sc.asset_lists.details(mine)["typeFields"]["definedIPs"] == f"{WEB},192.0.2.0/24", sc.asset_lists.details(mine)["typeFields"])
dynamic = number(sc.asset_lists.create("dynamic", "dynamic", rules=("all", ("ip", "eq", WEB))))
check("a dynamic list", sc.asset_lists.details(dynamic)["type"] == "dynamic")
names = number(sc.asset_lists.create("names", "dnsname", dns_names=["web.example.org"]))
check("a list of names", sc.asset_lists.details(names)["type"] == "dnsname")
joined = number(sc.asset_lists.create("joined", "combination", combinations=("and", mine, dynamic)))
check("a combination", sc.asset_lists.details(joined)["type"] == "combination")
check("hosts in lists", {a["asset"]["name"] for a in sc.analysis.vulns(tool="sumasset")} >= {"mine", "dynamic", "joined"}, list(sc.analysis.vulns(tool="sumasset")))
check("filter by lists", [r["ip"] for r in sc.analysis.vulns(("asset", "~", ("and", mine, ("not", names))), tool="sumip")] == [WEB])
sc.asset_lists.edit(mine, name="ours", ips=[WEB])
check("edited", sc.asset_lists.details(mine)["name"] == "ours" and sc.asset_lists.details(mine)["typeFields"]["definedIPs"] == WEB)
check("shared", isinstance(sc.asset_lists.share(mine, 0), dict))
check("tags of lists", "blue" in sc.asset_lists.tags())
check("refreshed", sc.asset_lists.refresh(dynamic, 1, 1) is not None)
file = sc.asset_lists.export_definition(mine)
file.seek(0)
sc.asset_lists.import_definition(file, name="imported")
imported = next(a for a in both(sc.asset_lists.list(fields=["id", "name"])) if a["name"] == "imported")
sc.asset_lists.delete(number(imported))

# A remediation scan on a list of assets.
family_id = sc.plugins.family_details(plugin)["id"]
once = sc.post("policy", json={"name": "", "context": "scan", "policyTemplate": {"id": 1}, "preferences": {
    "portscan_range": PORT, "tcp_scanner": "yes", "syn_scanner": "no", "ping_the_remote_host": "no"},
    "families": [{"id": family_id, "plugins": [{"id": str(plugin)}]}, {"id": "41", "plugins": [{"id": "19506"}]}]}).json()["response"]
again = sc.scans.create(f"Remediation Scan of Plugin #{plugin}", 1, policy_id=number(once), asset_lists=[mine], schedule={"type": "now"})
check("a remediation scan", finished(again["scanResultID"])["status"] == "Completed")
check("nothing is mitigated", list(sc.analysis.vulns(source="patched", tool="listvuln")) == [])

# Repositories.
check("repositories", listed(sc.repositories, 1))
check("what is in one", sc.repositories.details(1)["name"] and int(sc.repositories.details(1)["ipCount"]) == 1, sc.repositories.details(1))
check("a host in one", sc.repositories.device_info(1, ip_address=WEB)["ip"] == WEB)
check("lists of a host", {a["id"] for a in sc.repositories.asset_intersections(1, ip_address=WEB)} >= {str(mine), str(dynamic)})
repo = number(sc.repositories.create(name="second", format="IPv4", repo_type="Local", orgs=[1], allowed_ips=["0.0.0.0/0"]))
sc.repositories.edit(repo, name="third")
check("another", sc.repositories.details(repo)["name"] == "third")

# Results as files.
file = sc.scan_instances.export_scan(result)
file.seek(0)
with zipfile.ZipFile(file) as z:
    check("a download", z.namelist() == [f"{result}.nessus"] and b"NessusClientData_v2" in z.read(z.namelist()[0])[:200])
file.seek(0)
file.name = "scan.zip"
sc.scan_instances.import_scan(file, repo)
sums = {r["repository"]["id"]: r for r in sc.analysis.vulns(("repository", "=", [{"id": str(repo)}]), tool="listvuln", json_result=True)["results"]}
check("imported into another repository", set(sums) == {str(repo)}, sums)
sc.scan_instances.reimport_scan(result)
check("reimporting changes nothing", len(list(sc.analysis.vulns(("repository", "=", [{"id": "1"}])))) == len(details))
refused("a repository that has assets is deleted", 146, sc.repositories.delete, repo)
empty = number(sc.repositories.create(name="empty", format="IPv4", repo_type="Local"))
gone("a repository", sc.repositories, empty)

# Risk rules change what is read.
rule = sc.accept_risks.create(plugin, [1], ips=[WEB], comments="known", port=int(flaw["port"]), protocol=6)
check("an accepted risk", [r["id"] for r in sc.accept_risks.list(repo_ids=[1], plugin_id=plugin)] == [rule["id"]], rule)
check("in the repository", [r["id"] for r in sc.repositories.accept_risk_rules(1)] == [rule["id"]])
check("read as accepted", [v["acceptRisk"] for v in sc.analysis.vulns(("pluginID", "=", str(plugin)), HERE)] == ["1"])
check("filtered by it", [v["pluginID"] for v in sc.analysis.vulns(("acceptRiskStatus", "=", "accepted"))] == [str(plugin)])
sc.accept_risks.apply(number(rule), 1)
gone("an accepted risk", sc.accept_risks, number(rule))
check("read as before", [v["acceptRisk"] for v in sc.analysis.vulns(("pluginID", "=", str(plugin)), HERE)] == ["0"])
wanted = 1 if flaw["severity"]["id"] != "1" else 3
rule = sc.recast_risks.create(plugin, [1], wanted, ips=[WEB])
check("a recast risk", [r["id"] for r in sc.recast_risks.list(repo_ids=[1])] == [rule["id"]] and len(sc.repositories.recast_risk_rules(1)) == 1)
check("read as recast", [(v["severity"]["id"], v["recastRisk"]) for v in sc.analysis.vulns(("pluginID", "=", str(plugin)), HERE)] == [(str(wanted), "1")])
sc.recast_risks.apply(number(rule), 1)
gone("a recast risk", sc.recast_risks, number(rule))
check("read as before", [v["severity"]["id"] for v in sc.analysis.vulns(("pluginID", "=", str(plugin)), HERE)] == [flaw["severity"]["id"]])

# Queries.
query = number(sc.queries.create("mine", "sumip", "vuln", ("severity", "=", "4,3,2,1"), tags="blue"))
check("a query", sc.queries.details(query)["tool"] == "sumip" and listed(sc.queries, query))
check("asked by its number", [r["ip"] for r in sc.analysis.vulns(query_id=query, tool="sumip")] == [WEB, WEB])
sc.queries.edit(query, name="ours")
check("edited", sc.queries.details(query)["name"] == "ours")
check("shared", isinstance(sc.queries.share(query, 0), dict))
check("tags of queries", "blue" in sc.queries.tags())

# Alerts.
alert = number(sc.alerts.create(("severity", "=", "3,4"), name="bad", trigger=("sumip", ">=", "1"), action=[
    {"type": "notification", "message": "bad", "users": [{"id": 1}]}]))
check("an alert", sc.alerts.details(alert)["name"] == "bad" and listed(sc.alerts, alert))
sc.alerts.edit(alert, name="worse")
check("edited", sc.alerts.details(alert)["name"] == "worse")
check("executed", number(sc.alerts.execute(alert)) == alert)
gone("an alert", sc.alerts, alert)
gone("a query", sc.queries, query)

# Hosts, scanners, zones, status.
check("a host in each repository", [(h["ipAddress"], h["repID"]["id"]) for h in sc.hosts.list()] == [(WEB, "1"), (WEB, str(repo))], list(sc.hosts.list()))
check("found", [h["ipAddress"] for h in sc.hosts.search(("ip", "eq", WEB))] == [WEB, WEB])
check("scanners", listed(sc.scanners, 1) and sc.scanners.details(1)["name"])
check("their states", "1" in [s["id"] for s in sc.scanners.update_status()], sc.scanners.update_status())
check("zones", listed(sc.scan_zones, 1) and sc.scan_zones.details(1)["name"])
check("definitions of reports", isinstance(both(sc.get("reportDefinition").json()["response"]), list))
check("audit files", both(sc.audit_files.list()) == [])
check("hosts in use", sc.status.status()["activeIPs"] == "1", sc.status.status()["activeIPs"])
check("feeds", set(sc.feeds.status()) >= {"sc", "active"})

for id in (joined, names, dynamic, mine):
    gone("an asset list", sc.asset_lists, id)
gone("a scan", sc.scans, scan)
gone("a result", sc.scan_instances, result)
gone("a policy", sc.policies, policy)
if failed:
    raise SystemExit(f"{len(failed)} checks failed: {failed}")
