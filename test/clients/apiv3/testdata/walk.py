"""Drives a console with the published Python client, as scripts do."""
import base64
import os
import time

import rapid7vmconsole as r7

config = r7.Configuration(name="harrier")
config.username = os.environ["HARRIER_USER"]
config.password = os.environ["HARRIER_PASSWORD"]
config.host = os.environ["HARRIER_URL"]
config.verify_ssl = False
config.assert_hostname = False
config.proxy = config.ssl_ca_cert = config.connection_pool_maxsize = config.cert_file = config.key_file = None
config.safe_chars_for_path_param = ""
client = r7.ApiClient(configuration=config)
token = base64.b64encode(("%s:%s" % (config.username, config.password)).encode()).decode()
client.default_headers["Authorization"] = "Basic " + token

assert r7.RootApi(client).resources().links
assert r7.AdministrationApi(client).get_info().version.semantic

sites = r7.SiteApi(client)
listed = sites.get_sites().resources
nessus = listed[0]
made = sites.create_site(site=r7.SiteCreateResource(
    name="by the published client", importance="high", scan_template_id=nessus.scan_template,
    scan=r7.ScanScope(assets=r7.StaticSite(included_targets=r7.IncludedScanTargets(addresses=os.environ["HARRIER_TARGETS"].split(","))))))
site = sites.get_site(made.id)
assert site.importance == "high" and site.scan_template == nessus.scan_template, site
assert len(sites.get_included_targets(made.id).addresses) >= 1

scans = r7.ScanApi(client)
started = scans.start_scan(nessus.id, scan=r7.AdhocScan())
for _ in range(600):
    scan = scans.get_scan(started.id)
    if scan.status not in ("running", "dispatched"):
        break
    time.sleep(0.2)
assert scan.status == "finished", scan
assert scans.get_scans(active=False).resources

assets = r7.AssetApi(client)
walked, page = [], 0
while True:
    answer = assets.get_assets(page=page, size=2, sort=["id,ASC"])
    walked += answer.resources
    page += 1
    if page >= answer.page.total_pages:
        break
assert len(walked) == 3, walked
try:
    assets.get_assets(page=page, size=2)
    raise AssertionError("a page beyond the last one")
except r7.rest.ApiException as e:
    assert e.status == 404, e

asset = assets.get_asset(walked[0].id)
assert asset.services[0].name == "HTTP" and asset.vulnerabilities.total >= 1, asset
vulnerabilities = r7.VulnerabilityApi(client)
remedies = r7.RemediationApi(client)
found = r7.VulnerabilityResultApi(client).get_asset_vulnerabilities(asset.id).resources
assert found
for f in found:
    assert f.status == "vulnerable" and f.results[0].since, f
    v = vulnerabilities.get_vulnerability(f.id)
    assert v.severity in ("Critical", "Severe", "Moderate"), v
    remedies.get_asset_vulnerability_solutions(asset.id, f.id)

match = assets.find_assets(r7.SearchCriteria(match="all", filters=[
    r7.SwaggerSearchCriteriaFilter(field="ip-address", operator="is", value=asset.ip)]))
assert match.page.total_resources == 1, match

tags = r7.TagApi(client)
tag = tags.create_tag(tag=r7.Tag(name="python", type="custom", color="green"))
assets.add_asset_tag(asset.id, tag.id)
assert assets.get_asset_tags(asset.id).resources[0].name == "python"
assert [a.id for a in tags.get_tagged_assets(tag.id).resources] == [asset.id]

groups = r7.AssetGroupApi(client)
group = groups.create_asset_group(asset_group=r7.AssetGroup(name="python", type="static", description=""))
groups.update_asset_group_assets(group.id, assets=[a.id for a in walked])
assert groups.get_asset_group(group.id).assets == 3

exceptions = r7.VulnerabilityExceptionApi(client)
exception = exceptions.create_vulnerability_exception(vulnerability_exception=r7.VulnerabilityException(
    scope=r7.ExceptionScope(type="Asset", id=asset.id, vulnerability=found[0].id), submit=r7.Submission(reason="Acceptable Risk", comment="lab")))
exceptions.update_vulnerability_exception_status(exception.id, "approve", param2="fine")
assert exceptions.get_vulnerability_exception(exception.id).state == "Approved"

reports = r7.ReportApi(client)
report = reports.create_report(report=r7.Report(name="python", format="csv-export", scope=r7.ReportConfigScopeResource(sites=[nessus.id])))
instance = reports.generate_report(report.id)
for _ in range(300):
    if reports.get_report_instance(report.id, instance.id).status == "complete":
        break
    time.sleep(0.1)
text = reports.download_report(report.id, instance.id)
assert asset.ip in str(text), text

users = r7.UserApi(client)
user = users.create_user(user=r7.UserEdit(login="python", name="Python", password="correct horse 9", role=r7.UserCreateRole(id="user")))
assert users.get_user(user.id).login == "python"
users.delete_user(user.id)

engines = r7.ScanEngineApi(client)
assert engines.get_scan_engines().resources[0].status == "active"
assert len(r7.ScanTemplateApi(client).get_scan_templates().resources) >= 22
sites.delete_site(made.id)
print("%d assets, %d vulnerabilities on the first" % (len(walked), len(found)))
