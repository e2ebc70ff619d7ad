-- Amounts are integers in the currency's smallest unit. The checks are the balance: no row can hold money that was
-- captured without having been authorised, or refunded without having been captured.

CREATE TABLE IF NOT EXISTS payments (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    charge_id  TEXT UNIQUE,
    order_id   TEXT,
    status     TEXT NOT NULL,
    currency   TEXT NOT NULL,
    authorised INTEGER NOT NULL CHECK (authorised >= 0),
    captured   INTEGER NOT NULL CHECK (captured >= 0),
    refunded   INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    voided     INTEGER NOT NULL CHECK (voided >= 0 AND captured + voided <= authorised),
    state      TEXT NOT NULL CHECK (json_valid(state))
) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id);

-- What the search index may know: every state that a payment was in, from when on.
CREATE TABLE IF NOT EXISTS payment_states (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    since      REAL NOT NULL,
    state      TEXT NOT NULL CHECK (json_valid(state))
) STRICT;
CREATE INDEX IF NOT EXISTS payment_states_by_payment ON payment_states (payment_id);

CREATE TABLE IF NOT EXISTS refunds (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    state      TEXT NOT NULL CHECK (json_valid(state))
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id);

CREATE TABLE IF NOT EXISTS shipments (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    reference     TEXT,
    tracking_code TEXT UNIQUE,
    state         TEXT NOT NULL CHECK (json_valid(state))
) STRICT;
CREATE INDEX IF NOT EXISTS shipments_by_reference ON shipments (reference);

CREATE TABLE IF NOT EXISTS trackers (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    tracking_code TEXT NOT NULL UNIQUE,
    state         TEXT NOT NULL CHECK (json_valid(state))
) STRICT;

-- Addresses and parcels: EasyPost objects without a life of their own.
CREATE TABLE IF NOT EXISTS carrier_objects (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    id    TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (json_valid(state))
) STRICT;

-- answered_at: seconds of the sandbox's clock. A key is pruned some time after it is a day old.
CREATE TABLE IF NOT EXISTS kept_answers (
    key         TEXT PRIMARY KEY,
    answered_at REAL NOT NULL,
    path        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    body        TEXT NOT NULL,
    request_id  TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS calls (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    at              TEXT NOT NULL,
    face            TEXT NOT NULL,
    method          TEXT NOT NULL,
    operation       TEXT NOT NULL,
    order_id        TEXT,
    idempotency_key TEXT,
    status          INTEGER,
    replayed        INTEGER NOT NULL,
    fault           TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS calls_by_order ON calls (order_id);

-- ahead_s: how far the sandbox's clock is ahead of the machine's. search_lag_s: how far the search index is behind.
CREATE TABLE IF NOT EXISTS conditions (
    name  TEXT PRIMARY KEY,
    value REAL NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fault_rules (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL CHECK (json_valid(rule)),
    seen TEXT NOT NULL CHECK (json_valid(seen))
) STRICT;

CREATE TABLE IF NOT EXISTS webhooks (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    secret TEXT,
    state  TEXT NOT NULL CHECK (json_valid(state))
) STRICT;

-- due_at: seconds of the sandbox's clock.
CREATE TABLE IF NOT EXISTS webhook_events (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    body       TEXT NOT NULL CHECK (json_valid(body)),
    due_at     REAL NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT;
