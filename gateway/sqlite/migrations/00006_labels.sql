-- +goose Up
-- +goose StatementBegin
-- What people say of answers, handoffs and drafts: the newest of each person.
create table labels (
    -- gateway.Label.Key
    key text primary key,
    kind text not null,
    -- turns.n, or null where there is no turn
    turn integer,
    turn_id text not null,
    handoff_id text not null,
    conversation_id text not null,
    agent text not null,
    source text not null,
    verdict text not null,
    edited real not null,
    flaw text not null,
    chance real not null,
    note text not null,
    at integer not null
) strict, without rowid;

create index labels_at on labels (at, key);

create index labels_handoff on labels (handoff_id, at, key) where handoff_id <> '';

create index labels_conversation on labels (conversation_id);
-- +goose StatementEnd
