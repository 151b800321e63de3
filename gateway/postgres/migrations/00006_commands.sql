-- +goose Up
-- +goose StatementBegin
-- What the conversation knows between turns; null for nothing.
alter table gateway_conversations add column memory json;

-- The writes on their way to the shop's system. The id is the idempotency key.
create table gateway_commands (
    id text collate "C" primary key,
    -- the order of creation
    n bigint generated always as identity,
    conversation_id text collate "C" not null references gateway_conversations (id),
    channel text not null,
    user_id text not null,
    phone text not null,
    call json not null,
    version text not null,
    level integer not null,
    -- a one-time code, until the shop's system can read it
    secret text not null,
    turn_id text not null,
    created_at timestamptz not null,
    deadline timestamptz,
    attempt integer not null default 0,
    -- when the newest attempt to publish it began, and the one that did
    tried_at timestamptz,
    published_at timestamptz,
    lease text collate "C",
    -- when it is to be published, or is overdue; of a leased one, when the lease is
    -- over; null when nothing is left to do
    due_at timestamptz,
    receipt json,
    expired_at timestamptz
) with (fillfactor = 85);
create index gateway_commands_due on gateway_commands (due_at, n) where due_at is not null;
create index gateway_commands_conversation on gateway_commands (conversation_id, n);

-- The answered turns that were picked for a look, and what people said of them.
create table gateway_audits (
    turn_id text collate "C" primary key references gateway_turns (id),
    chance double precision not null,
    calibration text not null,
    at timestamptz not null,
    labelled_at timestamptz,
    is_right boolean not null default false,
    agent text not null default ''
);
create index gateway_audits_open on gateway_audits (at, turn_id) where labelled_at is null;
create index gateway_audits_done on gateway_audits (at, turn_id) where labelled_at is not null;
-- +goose StatementEnd
