-- +goose Up
-- Messages to people and machines outside, until they are delivered; see
-- harrier.Delivery.
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid    TEXT   NOT NULL UNIQUE,
    channel TEXT   NOT NULL,
    dedup   TEXT   NOT NULL,
    about   TEXT   NOT NULL,
    owner   BIGINT NOT NULL,
    body    TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    tries   BIGINT NOT NULL,
    next    BIGINT NOT NULL,
    error   TEXT   NOT NULL,
    created BIGINT NOT NULL,
    ended   BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_dedup ON outbox (dedup) WHERE dedup <> '';
CREATE INDEX outbox_due ON outbox (channel, next) WHERE state = 'waiting';
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended > 0;

CREATE TABLE alert (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid           TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    owner          BIGINT  NOT NULL,
    disabled       BOOLEAN NOT NULL,
    site           BIGINT  NOT NULL,
    events         TEXT    NOT NULL,
    filter         TEXT    NOT NULL,
    condition      TEXT    NOT NULL, -- a harrier.Trigger
    schedule       TEXT    NOT NULL,
    every_time     BOOLEAN NOT NULL,
    actions        TEXT    NOT NULL,
    holds          BOOLEAN NOT NULL,
    last_triggered BIGINT  NOT NULL,
    last_evaluated BIGINT  NOT NULL,
    next_run       BIGINT  NOT NULL,
    given          TEXT    NOT NULL,
    created        BIGINT  NOT NULL,
    modified       BIGINT  NOT NULL
);

CREATE TABLE ticket (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid           TEXT   NOT NULL UNIQUE,
    name           TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    classification TEXT   NOT NULL,
    status         TEXT   NOT NULL,
    priority       TEXT   NOT NULL,
    notes          TEXT   NOT NULL,
    owner          BIGINT NOT NULL,
    assignee       BIGINT NOT NULL,
    asset          BIGINT NOT NULL,
    findings       TEXT   NOT NULL,
    queries        TEXT   NOT NULL,
    history        TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    modified       BIGINT NOT NULL,
    assigned       BIGINT NOT NULL,
    resolved       BIGINT NOT NULL,
    closed         BIGINT NOT NULL
);

CREATE TABLE notification (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL, -- 0: everybody
    author  TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    object  BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    text    TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX notification_at ON notification (at);

CREATE TABLE dashboard (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    tags        TEXT   NOT NULL,
    owner       BIGINT NOT NULL,
    groups      TEXT   NOT NULL,
    arrangement TEXT   NOT NULL,
    components  TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    modified    BIGINT NOT NULL
);

-- The state of each scan that alerts were told of last. Nobody is told of what
-- happened before there were alerts.
CREATE TABLE alert_told (
    scan   BIGINT PRIMARY KEY,
    status TEXT   NOT NULL
);
INSERT INTO alert_told (scan, status) SELECT id, status FROM scan;
CREATE INDEX scan_modified ON scan (modified);
