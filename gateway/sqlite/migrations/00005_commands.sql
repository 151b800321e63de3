-- +goose Up
-- +goose StatementBegin
-- what the conversation knows between turns, as JSON, or null for nothing
alter table conversations add column memory text;

-- The writes on their way to the shop's system. The id is the idempotency key.
create table commands (
    -- the order of creation
    n integer primary key,
    id text not null unique,
    conversation_id text not null,
    channel text not null,
    user_id text not null,
    phone text not null,
    call text not null,
    version text not null,
    level integer not null,
    -- a one-time code, until the shop's system can read it
    secret text not null,
    turn_id text not null,
    created_at integer not null,
    deadline integer not null,
    attempt integer not null default 0,
    -- when the newest attempt to publish it began, and the one that did
    tried_at integer not null default 0,
    published_at integer not null default 0,
    lease text not null default '',
    -- when it is to be published, or is overdue; of a leased one, when the lease is
    -- over; null when nothing is left to do
    due_at integer,
    -- the word that ended it, as JSON, or null
    receipt text,
    expired_at integer not null default 0
) strict;

create index commands_due on commands (due_at, n) where due_at is not null;

create index commands_conversation on commands (conversation_id, n);

-- The answered turns that were picked for a look, and what people said of them.
create table audits (
    -- turns.n
    turn integer primary key,
    turn_id text not null unique,
    chance real not null,
    calibration text not null,
    at integer not null,
    labelled_at integer not null default 0,
    is_right integer not null default 0,
    agent text not null default ''
) strict;

create index audits_open on audits (at, turn) where labelled_at = 0;

create index audits_done on audits (at, turn) where labelled_at <> 0;
-- +goose StatementEnd
