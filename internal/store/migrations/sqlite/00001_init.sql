-- Instants are microseconds since 1970 in UTC, 0 for none. JSON is text. An
-- AUTOINCREMENT id is never given twice.

-- +goose Up
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL UNIQUE, -- the name in lower case
    full_name     TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    disabled      BOOLEAN NOT NULL,
    password_hash TEXT    NOT NULL,
    access_key    TEXT    NOT NULL,
    secret_hash   TEXT    NOT NULL,
    failures      BIGINT  NOT NULL,
    last_failure  BIGINT  NOT NULL,
    last_login    BIGINT  NOT NULL,
    created       BIGINT  NOT NULL
);
CREATE UNIQUE INDEX users_access_key ON users (access_key) WHERE access_key <> '';

CREATE TABLE session (
    token_hash TEXT   PRIMARY KEY,
    user_id    BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    last_used  BIGINT NOT NULL,
    idle       BIGINT NOT NULL, -- nanoseconds
    origin     TEXT   NOT NULL,
    via        TEXT   NOT NULL
);
CREATE INDEX session_of_user ON session (user_id);

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    via    TEXT   NOT NULL,
    action TEXT   NOT NULL,
    object TEXT   NOT NULL,
    detail TEXT   NOT NULL
);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE folder (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner BIGINT NOT NULL,
    name  TEXT   NOT NULL,
    kind  TEXT   NOT NULL
);
INSERT INTO folder (id, owner, name, kind) VALUES (2, 0, 'Trash', 'trash'), (3, 0, 'My Scans', 'main');

CREATE TABLE repository (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    tracking    BIGINT NOT NULL,
    created     BIGINT NOT NULL
);
-- Its uuid and creation time are given when the database is opened first.
INSERT INTO repository (id, uuid, name, description, tracking, created) VALUES (1, '', 'Default', '', 0, 0);

CREATE TABLE site (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    owner       BIGINT  NOT NULL,
    repository  BIGINT  NOT NULL,
    folder      BIGINT  NOT NULL,
    targets     TEXT    NOT NULL,
    exclusions  TEXT    NOT NULL,
    policy      BIGINT  NOT NULL,
    engine      BIGINT  NOT NULL,
    pool        TEXT    NOT NULL,
    schedule    TEXT    NOT NULL,
    scheduled   BOOLEAN NOT NULL, -- whether the schedule is enabled
    emails      TEXT    NOT NULL,
    grants      TEXT    NOT NULL,
    next_run    BIGINT  NOT NULL,
    last_run    BIGINT  NOT NULL,
    last_scan   BIGINT  NOT NULL,
    is_read     BOOLEAN NOT NULL,
    created     BIGINT  NOT NULL,
    modified    BIGINT  NOT NULL
);

CREATE TABLE policy (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    template    TEXT    NOT NULL,
    owner       BIGINT  NOT NULL,
    hidden      BOOLEAN NOT NULL,
    grants      TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    checks      TEXT    NOT NULL,
    preferences TEXT    NOT NULL,
    credentials TEXT    NOT NULL,
    created     BIGINT  NOT NULL,
    modified    BIGINT  NOT NULL
);

CREATE TABLE exception (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid     TEXT    NOT NULL UNIQUE,
    vuln     BIGINT  NOT NULL,
    host     TEXT    NOT NULL,
    hide     BOOLEAN NOT NULL,
    recast   BIGINT  NOT NULL,
    reason   TEXT    NOT NULL,
    owner    BIGINT  NOT NULL,
    created  BIGINT  NOT NULL,
    expires  BIGINT  NOT NULL
);

CREATE TABLE report (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid    TEXT   NOT NULL UNIQUE,
    token   TEXT   NOT NULL,
    owner   BIGINT NOT NULL,
    scan    BIGINT NOT NULL,
    format  TEXT   NOT NULL,
    options TEXT   NOT NULL,
    status  TEXT   NOT NULL,
    error   TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    path    TEXT   NOT NULL,
    created BIGINT NOT NULL,
    ended   BIGINT NOT NULL
);
CREATE UNIQUE INDEX report_token ON report (token) WHERE token <> '';
CREATE INDEX report_created ON report (created);

CREATE TABLE engine (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid      TEXT    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    pool      TEXT    NOT NULL,
    version   TEXT    NOT NULL,
    hostname  TEXT    NOT NULL,
    raw       BOOLEAN NOT NULL,
    started   BIGINT  NOT NULL,
    last_seen BIGINT  NOT NULL,
    running   BIGINT  NOT NULL
);

CREATE TABLE vulnerability (
    id        BIGINT  PRIMARY KEY,
    slug      TEXT    NOT NULL UNIQUE,
    uuid      TEXT    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    family    TEXT    NOT NULL,
    severity  BIGINT  NOT NULL,
    cvss2     REAL    NOT NULL,
    cvss3     REAL    NOT NULL,
    epss      REAL    NOT NULL,
    exploited BOOLEAN NOT NULL,
    exploit   BOOLEAN NOT NULL,
    published BIGINT  NOT NULL,
    body      TEXT    NOT NULL  -- the rest
);
CREATE TABLE vulnerability_cve (
    vuln BIGINT NOT NULL,
    cve  TEXT   NOT NULL,
    PRIMARY KEY (vuln, cve)
);
CREATE INDEX vulnerability_cve_name ON vulnerability_cve (lower(cve));

CREATE TABLE scan (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT    NOT NULL UNIQUE,
    site        BIGINT  NOT NULL,
    repository  BIGINT  NOT NULL,
    owner       BIGINT  NOT NULL,
    name        TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    targets     TEXT    NOT NULL,
    alt_targets BOOLEAN NOT NULL,
    scheduled   BOOLEAN NOT NULL,
    policy      BIGINT  NOT NULL,
    policy_name TEXT    NOT NULL,
    template    TEXT    NOT NULL,
    engine      TEXT    NOT NULL,
    created     BIGINT  NOT NULL,
    started     BIGINT  NOT NULL,
    ended       BIGINT  NOT NULL,
    modified    BIGINT  NOT NULL,
    hosts_total BIGINT  NOT NULL,
    hosts_done  BIGINT  NOT NULL,
    hosts_alive BIGINT  NOT NULL,
    forbidden   BIGINT  NOT NULL,
    present     TEXT    NOT NULL,
    coverage    TEXT    NOT NULL
);
CREATE INDEX scan_site ON scan (site);
CREATE INDEX scan_status ON scan (status);

-- A plan is long and never changes: it stands apart from the sums of its scan,
-- which change all the time.
CREATE TABLE scan_plan (
    scan BIGINT PRIMARY KEY,
    plan BLOB   NOT NULL
);

CREATE TABLE batch (
    scan    BIGINT  NOT NULL,
    number  BIGINT  NOT NULL,
    targets TEXT    NOT NULL,
    done    BOOLEAN NOT NULL,
    attempt BIGINT  NOT NULL,
    PRIMARY KEY (scan, number)
);

CREATE TABLE scan_host (
    scan     BIGINT  NOT NULL,
    idx      BIGINT  NOT NULL,
    asset    BIGINT  NOT NULL,
    name     TEXT    NOT NULL,
    addr     TEXT    NOT NULL,
    done     BOOLEAN NOT NULL,
    info0    BIGINT  NOT NULL,
    low1     BIGINT  NOT NULL,
    medium2  BIGINT  NOT NULL,
    high3    BIGINT  NOT NULL,
    critical4 BIGINT NOT NULL,
    planned  BIGINT  NOT NULL,
    clean    BIGINT  NOT NULL,
    vulnerable BIGINT NOT NULL,
    skipped  BIGINT  NOT NULL,
    failed   BIGINT  NOT NULL,
    host     TEXT    NOT NULL,
    PRIMARY KEY (scan, idx)
);
CREATE UNIQUE INDEX scan_host_name ON scan_host (scan, name, addr);

-- What a scan said about a host, all in one packed value. The key is
-- scan * 2^32 + idx, so that one scan's rows are neighbours.
CREATE TABLE host_observations (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
CREATE TABLE host_coverage (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- The vulnerabilities of a scan with their counts, packed: they change together
-- with every host, and are read together.
CREATE TABLE scan_vulns (
    scan BIGINT PRIMARY KEY,
    data BLOB   NOT NULL
);

CREATE TABLE dead (
    scan  BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    spans TEXT   NOT NULL,
    PRIMARY KEY (scan, batch)
);

CREATE TABLE asset (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT   NOT NULL UNIQUE,
    repository    BIGINT NOT NULL,
    addr          TEXT   NOT NULL,
    addr_key      BLOB   NOT NULL, -- 16 bytes in the order of addresses
    mac           TEXT   NOT NULL,
    fqdn          TEXT   NOT NULL,
    netbios       TEXT   NOT NULL,
    names         TEXT   NOT NULL,
    os            TEXT   NOT NULL,
    os_confidence BIGINT NOT NULL,
    os_method     TEXT   NOT NULL,
    os_cpe        TEXT   NOT NULL,
    device_type   TEXT   NOT NULL,
    first_seen    BIGINT NOT NULL,
    last_seen     BIGINT NOT NULL,
    last_scan     BIGINT NOT NULL,
    -- open findings by severity, kept by the writer of findings
    open0         BIGINT NOT NULL DEFAULT 0,
    open1         BIGINT NOT NULL DEFAULT 0,
    open2         BIGINT NOT NULL DEFAULT 0,
    open3         BIGINT NOT NULL DEFAULT 0,
    open4         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX asset_addr ON asset (repository, addr);
CREATE INDEX asset_mac ON asset (repository, mac) WHERE mac <> '';
CREATE INDEX asset_fqdn ON asset (repository, fqdn) WHERE fqdn <> '';
CREATE INDEX asset_netbios ON asset (repository, netbios) WHERE netbios <> '';

CREATE TABLE asset_name (
    asset BIGINT NOT NULL,
    name  TEXT   NOT NULL,
    PRIMARY KEY (asset, name)
);

CREATE TABLE service (
    asset      BIGINT  NOT NULL,
    protocol   TEXT    NOT NULL,
    port       BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    tls        BOOLEAN NOT NULL,
    product    TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    cpe        TEXT    NOT NULL,
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    data       BLOB    NOT NULL, -- the rest, packed
    PRIMARY KEY (asset, protocol, port)
);

-- The newest interval stands in the row; older ones, of which there are
-- seldom any, in finding_interval.
CREATE TABLE finding (
    id         INTEGER PRIMARY KEY, -- given from sequence
    asset      BIGINT NOT NULL,
    vuln       BIGINT NOT NULL,
    protocol   TEXT   NOT NULL,
    port       BIGINT NOT NULL,
    instance   TEXT   NOT NULL,
    repository BIGINT NOT NULL,
    severity   BIGINT NOT NULL,
    certainty  BIGINT NOT NULL,
    last_scan  BIGINT NOT NULL,
    older      BIGINT NOT NULL, -- how many older intervals there are
    first_seen BIGINT NOT NULL, -- start of the first interval
    opened     BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    closed     BIGINT NOT NULL,
    source     TEXT   NOT NULL,
    service    TEXT   NOT NULL,
    evidence   TEXT   NOT NULL
);
CREATE UNIQUE INDEX finding_key ON finding (asset, vuln, protocol, port, instance);
CREATE INDEX finding_page ON finding (severity, last_seen); -- and the id, as in every index
CREATE INDEX finding_closed ON finding (severity, last_seen) WHERE closed > 0; -- few among many

-- What an index on vuln would hold, of the findings up to the ID in sequence:
-- newer ones are added many at a time, because a scan meets vulnerabilities all
-- over an index, and would write a page for each. A row has the findings of a
-- vulnerability that were added at one time, as a JSON list of IDs.
CREATE TABLE finding_vuln (
    vuln     BIGINT NOT NULL,
    up_to    BIGINT NOT NULL,
    findings TEXT   NOT NULL,
    PRIMARY KEY (vuln, up_to)
) WITHOUT ROWID;

CREATE TABLE finding_interval (
    finding   BIGINT NOT NULL,
    n         BIGINT NOT NULL, -- from 0, oldest first
    opened    BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    closed    BIGINT NOT NULL,
    PRIMARY KEY (finding, n)
);

CREATE TABLE finding_count (
    repository BIGINT NOT NULL,
    severity   BIGINT NOT NULL,
    open       BIGINT NOT NULL, -- 1 for those that are open, 0 for the others
    count      BIGINT NOT NULL,
    PRIMARY KEY (repository, severity, open)
);

CREATE TABLE sequence (
    name TEXT   PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO sequence (name, last) VALUES ('finding', 0), ('finding_vuln', 0);

CREATE VIEW finding_by_vuln AS
    SELECT vuln, j.value AS finding FROM finding_vuln, json_each(findings) j UNION ALL
    SELECT vuln, id AS finding FROM finding WHERE id > (SELECT last FROM sequence WHERE name = 'finding_vuln');
