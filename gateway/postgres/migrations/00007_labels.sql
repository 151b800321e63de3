-- +goose Up
-- +goose StatementBegin
-- What people say of answers, handoffs and drafts: the newest of each person.
create table gateway_labels (
    -- gateway.Label.Key
    key text collate "C" primary key,
    kind text not null,
    turn_id text collate "C" not null,
    handoff_id text collate "C" not null,
    conversation_id text collate "C" not null references gateway_conversations (id),
    agent text not null,
    source text not null,
    verdict text not null,
    edited double precision not null,
    flaw text not null,
    chance double precision not null,
    note text not null,
    at timestamptz not null
);
create index gateway_labels_at on gateway_labels (at, key);
create index gateway_labels_handoff on gateway_labels (handoff_id, at, key) where handoff_id <> '';
create index gateway_labels_conversation on gateway_labels (conversation_id);
-- +goose StatementEnd
