-- Each section brings the file from the version before to its own; opening a file applies the sections it lacks.

-- version: 1

-- One row per orchestration instance: what the management API shows, and which execution is the live one.
-- input, output, custom_status: JSON text or plain text; parent: JSON of the ParentInstance of a sub-orchestration.
CREATE TABLE instances (
    instance_id TEXT PRIMARY KEY,
    execution_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT,
    output TEXT,
    custom_status TEXT,
    parent TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX instances_by_status ON instances (status, created_at);

-- One row per episode of the live execution: its events as JSON text, separated by commas.
CREATE TABLE history (
    instance_id TEXT NOT NULL,
    episode INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (instance_id, episode)
) WITHOUT ROWID;

-- Messages that no episode has consumed yet, in order of arrival. execution_id NULL: for whichever execution is live.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    execution_id TEXT,
    event TEXT NOT NULL
);
CREATE INDEX inbox_by_instance ON inbox (instance_id, seq);

-- Activities that have not ended. Who runs one is known in memory only: after a crash all of them are handed out again.
CREATE TABLE activities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    task_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    input TEXT NOT NULL
);

-- Timers that have not fired. due: fire_at in the form that sorts.
CREATE TABLE timers (
    due TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    timer_id INTEGER NOT NULL,
    fire_at TEXT NOT NULL,
    PRIMARY KEY (due, instance_id, timer_id)
) WITHOUT ROWID;
CREATE INDEX timers_by_instance ON timers (instance_id);

-- Entities that were ever called. is_present: the entity has a state.
CREATE TABLE entities (
    entity_id TEXT PRIMARY KEY,
    is_present INTEGER NOT NULL,
    state TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

-- Operations that no batch has run yet, in order of arrival. caller NULL: a signal.
CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    entity_id TEXT NOT NULL,
    name TEXT NOT NULL,
    input TEXT,
    request_id TEXT NOT NULL,
    caller TEXT,
    caller_execution TEXT
);
CREATE INDEX operations_by_entity ON operations (entity_id, seq);

-- version: 2

-- Which attempt of a call with retry options it is.
ALTER TABLE activities ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE activities ADD COLUMN max_attempts INTEGER NOT NULL DEFAULT 1;
