"""Drives a console through the whole life of scans with pyTenable."""
import csv
import io
import os
import time

import urllib3
from tenable.errors import APIError, NotFoundError
from tenable.nessus import Nessus

urllib3.disable_warnings()
E = os.environ
TARGETS = E["HARRIER_TARGETS"].split(",")
LONG = {"name": "long", "text_targets": "127.78.0.0/24", "portscan_range": "1-20000", "max_hosts_per_scan": "4"}


def check(what, ok, seen=None):
    if not ok:
        raise SystemExit(f"FAILED: {what}: {seen!r}")
    print("ok:", what)


def wait(n, scan, want, seconds=120, by_history=None):
    seen = []
    end = time.time() + seconds
    while time.time() < end:
        status = n.scans.details(scan)["info"]["status"]
        if not seen or seen[-1] != status:
            seen.append(status)
        if status == want:
            return seen
        time.sleep(0.3)
    raise SystemExit(f"FAILED: scan {scan} did not become {want}: {seen}")


def refused(what, kinds, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
    except kinds as err:
        print("ok:", what, "is refused:", type(err).__name__)
        return
    raise SystemExit(f"FAILED: {what} was taken: {got!r}")


n = Nessus(url=E["HARRIER_URL"], access_key=E["HARRIER_ACCESS_KEY"], secret_key=E["HARRIER_SECRET_KEY"], ssl_verify=False, retries=1)

# The server, the session, the catalogue.
check("the server is ready", n.server.status()["status"] == "ready")
check("server properties", "nessus_type" in n.server.properties())
me = n.session.get()
check("the session is an administrator's", me["permissions"] == 128, me)
check("a local scanner", len(n.scanners.list()) >= 1)
check("timezones", any(z["value"] == "Europe/Berlin" for z in n.scans.timezones()))
families = n.plugins.families()
check("families", len(families) >= 8, families)
family = n.plugins.family_details(families[0]["id"])
check("a family has plugins", len(family["plugins"]) == families[0]["count"], family)
plugin = n.plugins.plugin_details(19506)
check("plugin 19506", plugin["name"] == "Nessus Scan Information", plugin)
check("the plugin list can be walked", sum(1 for _ in n.plugins.list()) == sum(f["count"] for f in families))
templates = {t["name"]: t["uuid"] for t in n.editor.template_list("scan")}
check("templates", {"basic", "advanced", "discovery", "custom"} <= set(templates), templates)
check("a template's form", "settings" in n.editor.template_details("scan", templates["basic"]))

# Policies.
policy = n.policies.create(templates["advanced"], settings={"name": "careful", "portscan_range": E["HARRIER_PORTS"], "safe_checks": "yes"})
details = n.policies.details(policy["policy_id"])
check("the policy keeps its settings", details["settings"]["portscan_range"] == E["HARRIER_PORTS"], details["settings"])
details["settings"]["description"] = "changed"
n.policies.edit(policy["policy_id"], **details)
check("the policy can be changed", n.policies.details(policy["policy_id"])["settings"]["description"] == "changed")
twin = n.policies.copy(policy["policy_id"])
exported = n.policies.export_policy(policy["policy_id"]).read()
check("the policy can be exported", b"<NessusClientData_v2>" in exported and b"<policyName>careful" in exported, exported[:300])
brought = n.policies.import_policy(io.BytesIO(exported))
check("the policy can be imported", brought["id"] not in (policy["policy_id"], twin["id"]), brought)
n.policies.delete(brought["id"])
n.policies.delete(twin["id"])
check("two are gone", [p["name"] for p in n.policies.list() if p["id"] in (brought["id"], twin["id"])] == [])

# Folders.
folder = n.folders.create("lab")
n.folders.edit(folder, name="laboratory")
check("the folder has its name", any(f["id"] == folder and f["name"] == "laboratory" for f in n.folders.list()))

# A scan from its making to its results.
scan = n.scans.create(uuid=templates["basic"], settings={
    "name": "clients", "text_targets": ", ".join(TARGETS), "portscan_range": E["HARRIER_PORTS"], "folder_id": folder, "enabled": False,
})["scan"]
check("a new scan is empty", n.scans.details(scan["id"])["info"]["status"] == "empty")
check("the list has it in its folder", any(s["id"] == scan["id"] for s in n.scans.list(folder_id=folder)["scans"]))
run = n.scans.launch(scan["id"])
info = n.scans.details(scan["id"])["info"]
check("it runs at once, under the uuid of the launch", info["status"] == "running" and info["uuid"] == run, info)
refused("a second launch", APIError, n.scans.launch, scan["id"])
refused("deleting a running scan", APIError, n.scans.delete, scan["id"])
print("   states:", wait(n, scan["id"], "completed"))
details = n.scans.details(scan["id"])
check("every host is there", sorted(h["hostname"] for h in details["hosts"]) == sorted(TARGETS), details["hosts"])
check("one run in the history", [h["uuid"] for h in details["history"]] == [run], details["history"])
check("the sums agree", sum(v["count"] for v in details["vulnerabilities"]) == sum(
    h["critical"] + h["high"] + h["medium"] + h["low"] + h["info"] for h in details["hosts"]), details["vulnerabilities"])
ids = {v["plugin_id"] for v in details["vulnerabilities"]}
check("the public plugins speak", {19506, 10180, 22964} <= ids, ids)
check("something is wrong with these servers", max(v["severity"] for v in details["vulnerabilities"]) >= 2)
web = next(h for h in details["hosts"] if h["hostname"] == E["HARRIER_WEB"])
host = n.get(f"scans/{scan['id']}/hosts/{web['host_id']}")
check("the host has its results", {19506, 22964} <= {v["plugin_id"] for v in host["vulnerabilities"]}, host)
output = n.scans.plugin_output(scan["id"], web["host_id"], 22964)
check("service detection", any("A web server is running on this port" in o["plugin_output"] for o in output["outputs"]), output)
check("its place is a port key", any(k.startswith(E["HARRIER_WEB_PORT"] + " / tcp / ") for o in output["outputs"] for k in o["ports"]), output)

# Exports and imports.
report = n.scans.export_scan(scan["id"], format="nessus").read()
with open(os.path.join(E["HARRIER_OUT"], "clients.nessus"), "wb") as f:
    f.write(report)
check("the export has every host", report.count(b"<ReportHost ") == len(TARGETS))
rows = n.scans.export_scan(scan["id"], format="csv").read()
with open(os.path.join(E["HARRIER_OUT"], "clients.csv"), "wb") as f:
    f.write(rows)
items = report.count(b"<ReportItem ")
table = list(csv.DictReader(io.StringIO(rows.decode())))
check("the table has a row for each result", len({(r["Plugin ID"], r["Host"], r["Protocol"], r["Port"], r["Plugin Output"]) for r in table}) == items,
      (len(table), items))
few = n.scans.export_scan(scan["id"], format="csv", reportContents={"csvColumns": {"id": True, "hostname": True, "cve": False}}).read().decode()
check("columns can be chosen", few.splitlines()[0] == "Plugin ID,Host", few.splitlines()[0])
some = n.scans.export_scan(scan["id"], format="csv", search_type="and", filters=[("plugin.id", "eq", "22964")]).read().decode()
check("results can be filtered", {r["Plugin ID"] for r in csv.DictReader(io.StringIO(some))} == {"22964"}, some[:300])
brought = n.scans.import_scan(io.BytesIO(report))["scan"]
again = n.scans.details(brought["id"])
check("the export can be imported", again["info"]["status"] == "imported" and len(again["hosts"]) == len(TARGETS), again["info"])
check("the import says the same", {(v["plugin_id"], v["severity"], v["count"]) for v in again["vulnerabilities"]} == {
    (v["plugin_id"], v["severity"], v["count"]) for v in details["vulnerabilities"]}, again["vulnerabilities"])

# A second run at another place, and the history.
second = n.scans.launch(scan["id"], alt_targets=[E["HARRIER_REDIS"]])
wait(n, scan["id"], "completed")
details = n.scans.details(scan["id"])
check("two runs, oldest first", [h["uuid"] for h in details["history"]] == [run, second], details["history"])
check("the last run is shown", [h["hostname"] for h in details["hosts"]] == [E["HARRIER_REDIS"]], details["hosts"])
n.scans.delete_history(scan["id"], details["history"][0]["history_id"])
check("a run can be deleted", [h["uuid"] for h in n.scans.details(scan["id"])["history"]] == [second])

# Control.
long = n.scans.create(uuid=templates["basic"], settings=LONG)["scan"]["id"]
n.scans.launch(long)
n.scans.pause(long)
check("it pauses", n.scans.details(long)["info"]["status"] in ("pausing", "paused"))
wait(n, long, "paused", 30)
n.scans.resume(long)
wait(n, long, "running", 30)
n.scans.stop(long)
check("it stops", n.scans.details(long)["info"]["status"] in ("stopping", "canceled"))
print("   states:", wait(n, long, "canceled", 30))
refused("pausing a scan that is over", APIError, n.scans.pause, long)
n.scans.launch(long)
n.scans.kill(long)
wait(n, long, "aborted", 30)

# The rest of a scan's life.
n.scans.configure(scan["id"], uuid=templates["basic"], settings={"name": "renamed", "text_targets": TARGETS[0]})
check("a scan can be changed", n.scans.details(scan["id"])["info"]["name"] == "renamed")
n.scans.read_status(scan["id"], True)
twin = n.scans.copy(scan["id"], name="twin")
check("a scan can be copied", any(s["name"] == "twin" for s in n.scans.list()["scans"]), twin)
n.scans.delete_many([twin["id"], brought["id"]])
n.scans.delete(long)
n.scans.delete(scan["id"])
refused("a deleted scan", NotFoundError, n.scans.details, scan["id"])
n.folders.delete(folder)
n.policies.delete(policy["policy_id"])

# Bad input, each refused in its place.
for bad in ("999.1.1.1", "127.0.0.1/33", "a b!"):
    refused(f"the target {bad!r}", APIError, n.scans.create, uuid=templates["basic"], settings={"name": "bad", "text_targets": bad})
refused("no name", APIError, n.scans.create, uuid=templates["basic"], settings={"name": "", "text_targets": TARGETS[0]})
refused("an unknown template", APIError, n.scans.create, uuid="nonsense", settings={"name": "bad", "text_targets": TARGETS[0]})

# The other way to sign in.
s = Nessus(url=E["HARRIER_URL"], username=E["HARRIER_USER"], password=E["HARRIER_PASSWORD"], ssl_verify=False, retries=1)
check("a session sees the same", {f["name"] for f in s.folders.list()} >= {"My Scans", "Trash"})
print("all is well")
