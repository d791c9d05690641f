"""Signs in, looks around and manages users with pyTenable."""
import io
import os

import urllib3
from tenable.errors import APIError
from tenable.sc import TenableSC

urllib3.disable_warnings()
E = os.environ
PASSWORD = "correct-horse-9"


def check(what, ok, seen=None):
    if not ok:
        raise SystemExit(f"FAILED: {what}: {seen!r}")
    print("ok:", what)


def refused(what, code, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
    except APIError as err:
        body = err.response.json()
        check(f"{what} is refused with {code}", err.code == 403 and body["error_code"] == code and body["error_msg"], body)
        return
    raise SystemExit(f"FAILED: {what} was taken: {got!r}")


def client(user=None, password=PASSWORD, url=E["HARRIER_URL"], **kwargs):
    if user:
        kwargs |= {"username": user, "password": password}
    return TenableSC(url=url, ssl_verify=False, retries=1, **kwargs)


admin = client(access_key=E["HARRIER_ACCESS_KEY"], secret_key=E["HARRIER_SECRET_KEY"])

# The installation.
check("the version allows API keys", admin.version == "6.4.0", admin.version)
check("system", admin.system.details()["sessionTimeout"].isdigit())
check("diagnostics", admin.system.status()["statusDisk"] == "true")
check("locale", admin.system.current_locale()["code"] == "en")
check("locales", "en" in admin.system.list_locales())
status = admin.status.status()
check("status", status["licenseStatus"] == "Valid" and status["jobd"] == "Running" and status["activeIPs"].isdigit(), status)
check("feeds", set(admin.feeds.status()) >= {"sc", "active", "passive", "lce"})
check("one feed", admin.feeds.status("active")["updateRunning"] == "false")

# Who am I.
me = admin.current.user()
check("current user", me["username"] == "admin" and me["role"]["id"] == "1" and me["organization"]["id"] == 0, me)
check("fields", set(admin.current.user(fields=["id", "name"])) >= {"id", "name"})
check("current organisation", admin.current.org()["name"] == "Harrier")

# Roles, groups, organisations.
roles = admin.roles.list()
check("roles", {"1", "2", "3", "7"} <= {r["id"] for r in roles}, roles)
for r in roles:
    full = admin.roles.details(int(r["id"]))
    check("role " + r["name"], full["permScan"] in ("full", "none") and full["permManageApp"] in ("true", "false"), full)
own = admin.roles.create("own", can_scan="full")
check("an own role", own["name"] == "own" and own["permScan"] == "full", own)
check("renamed", admin.roles.edit(int(own["id"]), name="mine")["name"] == "mine")
admin.roles.delete(int(own["id"]))
refused("a role deleted twice", 147, admin.roles.delete, int(own["id"]))
groups = admin.groups.list()
check("groups", [g["id"] for g in groups] == ["0"], groups)
check("group", admin.groups.details(0)["name"] == "Full Access")
refused("another group", 147, admin.groups.details, 5)
own = admin.groups.create("own", description="mine")
check("a new group", own["name"] == "own" and admin.groups.details(int(own["id"]))["description"] == "mine", own)
check("renamed", admin.groups.edit(int(own["id"]), name="second")["name"] == "second")
admin.groups.delete(int(own["id"]))
refused("a group deleted twice", 147, admin.groups.delete, int(own["id"]))
org = admin.organizations.list()
check("organisations", [o["id"] for o in org] == ["1"], org)
check("organisation", admin.organizations.details(1)["zoneSelection"] == "selectable+auto")
refused("another organisation", 147, admin.organizations.details, 2)
own = admin.organizations.create("own", description="mine")
check("a new organisation", own["name"] == "own" and {o["name"] for o in admin.organizations.list(fields=["id", "name"])} == {"Harrier", "own"}, own)
check("renamed", admin.organizations.edit(int(own["id"]), name="second")["name"] == "second")
check("no risk rules there", admin.organizations.accept_risk_rules(int(own["id"])) == [] and admin.organizations.recast_risk_rules(int(own["id"])) == [])
theirs = admin.organizations.manager_create(int(own["id"]), "theirs", PASSWORD, 2, firstname="Lea")
check("its manager", [u["id"] for u in admin.organizations.managers_list(int(own["id"]))] == [theirs["id"]], theirs)
admin.organizations.manager_edit(int(own["id"]), int(theirs["id"]), lastname="Lang")
check("edited", admin.organizations.manager_details(int(own["id"]), int(theirs["id"]))["lastname"] == "Lang")
admin.organizations.manager_delete(int(own["id"]), int(theirs["id"]))
admin.organizations.delete(int(own["id"]))
refused("an organisation deleted twice", 147, admin.organizations.delete, int(own["id"]))

# Users.
made = admin.users.create("manager", PASSWORD, 2, firstname="Mia", lastname="Berg", email="mia@example.org", group=0, org=1, timezone="Europe/Berlin")
check("a user", made["username"] == "manager" and made["role"]["id"] == "2" and made["firstname"] == "Mia" and isinstance(made["canManage"], bool), made)
refused("the same name", 146, admin.users.create, "Manager", PASSWORD, 2)
refused("a bad password", 146, admin.users.create, "other", "x", 2)
refused("an unknown role", 147, admin.users.create, "other", PASSWORD, 99)
check("managers", [u["id"] for u in admin.organizations.managers_list(1)] == [made["id"]])
check("manager", admin.organizations.manager_details(1, int(made["id"]))["email"] == "mia@example.org")

# With a password.
sc = client("manager")
check("signed in", sc.current.user()["username"] == "manager")
check("the organisation of a manager", sc.current.user()["organization"] == {"id": "1", "name": "Harrier", "description": ""})
check("a base URL with a slash", client("manager", url=E["HARRIER_URL"] + "/").current.user()["username"] == "manager")
refused("a wrong password", 11, client, "manager", "wrong")
refused("wrong keys", 74, client(access_key="0" * 32, secret_key="0" * 32).current.user)
seen = {u["username"] for u in sc.users.list(fields=["id", "username"])}
check("users", seen == {"manager"}, seen)
refused("an administrator made by a manager", 146, sc.users.create, "other", PASSWORD, 1)
anna = int(sc.users.create("anna", PASSWORD, 3, firstname="Anna")["id"])
check("details", sc.users.details(anna)["lastLogin"] == "0")
check("edited", sc.users.edit(anna, lastname="Kurz", is_locked=True, username="anne")["locked"] == "true")
refused("a locked user", 11, client, "anne")
check("unlocked", sc.users.edit(anna, is_locked=False)["locked"] == "false")
analyst = client("anne")
check("an analyst sees themselves", [u["username"] for u in analyst.users.list()] == ["anne"])
refused("an analyst who makes users", 146, analyst.users.create, "other", PASSWORD, 3)
refused("another user", 147, analyst.users.details, int(made["id"]))
analyst.logout()

# Sessions: at the sixth there is no token.
others = [client("anne") for _ in range(5)]
answer = others[4].post("token", json={"username": "anne", "password": PASSWORD}).json()["response"]
check("the sixth session", answer == {"releaseSession": True}, answer)
answer = others[4].post("token", json={"username": "anne", "password": PASSWORD, "releaseSession": True}).json()["response"]
check("the oldest is released", 10**9 <= answer["token"] < 2**31, answer)
refused("the oldest session", 12, others[0].current.user)
check("the second session", others[1].current.user()["username"] == "anne")

# Files.
name = sc.files.upload(io.BytesIO(b"<x/>"))
check("uploaded", isinstance(name, str) and name, name)
check("cleared", sc.files.clear(name) == name)

sc.users.delete(anna)
refused("deleting twice", 147, sc.users.delete, anna)
refused("the session of one who is gone", 12, others[1].current.user)
sc.logout()
admin.users.delete(int(made["id"]))
