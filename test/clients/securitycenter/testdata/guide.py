"""The four procedures of the API's guide, with nothing but HTTP: its requests as they are printed,
with the numbers of this console in the places of theirs. The web server is mended in between."""
import json
import os
import ssl
import time
import urllib.request

E = os.environ
WEB, PORT = E["HARRIER_WEB"], E["HARRIER_WEB_PORT"]
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE
headers = {"Content-Type": "application/json"}


def check(what, ok, seen=None):
    if not ok:
        raise SystemExit(f"FAILED: {what}: {seen!r}")
    print("ok:", what)


def send(method, path, body=None):
    """Returns status, answer and cookies."""
    data = body if isinstance(body, str) else None if body is None else json.dumps(body)
    r = urllib.request.Request(E["HARRIER_URL"] + "/rest" + path, method=method, headers=headers, data=data and data.encode())
    try:
        with urllib.request.urlopen(r, context=TLS) as a:
            return a.status, json.load(a), a.headers.get_all("Set-Cookie")
    except urllib.error.HTTPError as err:
        return err.code, json.load(err), None


def ask(method, path, body=None):
    status, answer, _ = send(method, path, body)
    check(f"{method} {path[:60]}", status == 200 and answer["error_code"] == 0, answer)
    return answer["response"]


def web(path):
    with urllib.request.urlopen(f"http://{WEB}:{PORT}{path}") as a:
        a.read()


def finished(result):
    for _ in range(300):
        r = ask("GET", f"/scanResult/{result}?fields=status,importStatus,running")
        if r["running"] == "false":
            check(f"result {result} is complete", (r["status"], r["importStatus"]) == ("Completed", "Finished"), r)
            return
        time.sleep(0.2)
    raise SystemExit("FAILED: the scan does not end")


# Authenticate.
status, answer, cookies = send("POST", "/token", {"username": E["HARRIER_USER"], "password": E["HARRIER_PASSWORD"], "releaseSession": True})
check("token", status == 200 and cookies, answer)
headers |= {"X-SecurityCenter": str(answer["response"]["token"]), "Cookie": cookies[-1].split(";")[0]}

# Add Asset Data to SecurityCenter. ("198.168.1.1" is the guide's address, the other one the web server's.)
listed = ask("POST", "/asset", {
    "tags": "", "name": "static test list", "description": "", "context": "", "status": -1, "createdTime": 0, "modifiedTime": 0, "groups": [],
    "type": "static", "definedIPs": f"{WEB}",
})
wide = ask("POST", "/asset", {
    "tags": "", "name": "all kinds", "description": "", "context": "", "status": -1, "createdTime": 0, "modifiedTime": 0, "groups": [],
    "type": "static", "definedIPs": "127.0.0.1,172.36.48.0/24,198.168.1.1-198.168.1.11",
})
check("the guide's value as it was sent", wide["typeFields"]["definedIPs"] == "127.0.0.1,172.36.48.0/24,198.168.1.1-198.168.1.11", wide)

# A first scan, which the guide takes for granted.
web("/break")
policy = ask("POST", "/policy", {"name": "standard", "policyTemplate": {"id": 1}, "preferences": {
    "portscan_range": PORT, "tcp_scanner": "yes", "syn_scanner": "no", "udp_scanner": "no", "ping_the_remote_host": "no"}})
first = ask("POST", "/scan", {"name": "standard", "type": "policy", "policy": {"id": policy["id"]}, "repository": {"id": 1}, "ipList": WEB,
                              "schedule": {"type": "now"}})
finished(first["scanResultID"])

# Retrieve Vulnerability Data for a Specific Time Range: what is there.
CUMULATIVE = {
    "query": {
        "name": "", "description": "", "context": "", "createdTime": 0, "modifiedTime": 0, "groups": [], "type": "vuln", "tool": "vulndetails",
        "sourceType": "cumulative", "startOffset": 0, "endOffset": 50,
        "filters": [
            {"filterName": "firstSeen", "operator": "=", "value": "0:11"},
            {"filterName": "lastSeen", "operator": "=", "value": "0:12"},
        ],
    },
    "sourceType": "cumulative", "sortField": "severity", "sortDir": "desc", "columns": [], "type": "vuln",
}
found = [v for v in ask("POST", "/analysis", CUMULATIVE)["results"] if v["ip"] == WEB]
severities = [int(v["severity"]["id"]) for v in found]
check("the worst comes first", severities and severities == sorted(severities, reverse=True) and severities[0] > 0, severities)
flaw = next(v for v in found if "nginx" in v["pluginName"].lower() or int(v["severity"]["id"]) > 0)
plugin = flaw["pluginID"]

# The mitigated ones. The guide's own text is no JSON: a comma too much, one too few.
PATCHED = """{
  "query": {
    "name": "",
    "description": "",
    "context": "",
    "createdTime": 0,
    "modifiedTime": 0,
    "groups": [],
    "type": "vuln",
    "tool": "listvuln",
    "sourceType": "patched",
    "startOffset": 0,
    "endOffset": 50,
    "filters": [
      {
        "filterName": "lastMitigated",
        "operator": "=",
        "value": "0:25"
      },
    ]
  }
  "sourceType": "patched",
  "sortField": "severity",
  "sortDir": "desc",
  "columns": [],
  "type": "vuln"
}"""
status, answer, _ = send("POST", "/analysis", PATCHED)
check("the malformed example", status == 403 and answer["error_code"] == 146 and answer["error_msg"].strip() != "", answer)
MENDED = json.loads(PATCHED.replace("},\n    ]", "}\n    ]").replace('  }\n  "source', '  },\n  "source'))


def mitigated():
    return {(v["ip"], v["pluginID"]) for v in ask("POST", "/analysis", MENDED)["results"]}


check("nothing was mitigated", (WEB, plugin) not in mitigated())

# Retrieve Asset Data from SecurityCenter.
assets = ask("GET", "/asset?filter=excludeAllDefined,usable&fields=owner,groups,ownerGroup,status,name,type,template,description,"
             "createdTime,modifiedTime,ipCount,repositories,targetGroup,tags,creator")
assets = assets if isinstance(assets, list) else assets["usable"]
mine = next(a for a in assets if a["name"] == "static test list")
check("the list that was added", mine["type"] == "static" and "ipCount" in mine and "repositories" in mine, mine)


# Launch a Remediation Scan on SecurityCenter.
def remediate(**where):
    family = ask("GET", f"/pluginFamily/{plugin}")
    check("a family", family["id"].isdigit() and family["name"], family)
    once = ask("POST", "/policy", {
        "name": "", "description": "", "context": "scan", "createdTime": 0, "modifiedTime": 0, "groups": [], "policyTemplate": {"id": 1}, "auditFiles": [],
        "preferences": {"portscan_range": PORT, "tcp_scanner": "yes", "syn_scanner": "no", "udp_scanner": "no", "syn_firewall_detection": "Automatic (normal)",
                        "ping_the_remote_host": "no"},
        "families": [{"id": family["id"], "plugins": [{"id": plugin}]}, {"id": "41", "plugins": [{"id": "19506"}]}],
    })
    policies = ask("GET", "/policy")
    policies = policies if isinstance(policies, list) else policies["usable"]
    check("a policy that is not listed", once["id"] not in [p["id"] for p in policies])
    scan = {
        "name": f"Remediation Scan of Plugin #{plugin}", "description": "", "context": "", "createdTime": 0, "modifiedTime": 0, "groups": [],
        "repository": {"id": 1},
        "schedule": {"start": "TZID=America/New_York:20171212T160900", "repeatRule": "FREQ=NOW;INTERVAL=1", "type": "now"},
        "dhcpTracking": "true", "emailOnLaunch": "false", "emailOnFinish": "false", "reports": [], "type": "policy", "policy": {"id": int(once["id"])},
        "pluginID": plugin, "timeoutAction": "rollover", "rolloverType": "template", "scanningVirtualHosts": "false", "classifyMitigatedAge": 0,
        "assets": [], "ipList": "", "credentials": [], "maxScanTime": "unlimited",
    }
    status, answer, _ = send("POST", "/scan", scan | {"assets": [{"id": int(listed["id"])}], "ipList": WEB})
    check("assets and ipList both", status == 403 and answer["error_code"] == 146, answer)
    finished(ask("POST", "/scan", scan | where)["scanResultID"])
    status, answer, _ = send("GET", f"/policy/{once['id']}")
    check("the policy has gone with its scan", status == 403 and answer["error_code"] == 147, answer)


remediate(assets=[{"id": int(listed["id"])}])
check("as it was", (WEB, plugin) not in mitigated())
web("/mend")
remediate(ipList=WEB)
check("mitigated", (WEB, plugin) in mitigated())
web("/break")
for one in (listed, wide):
    ask("DELETE", f"/asset/{one['id']}")
ask("DELETE", "/token")
