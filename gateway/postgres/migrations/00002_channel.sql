-- +goose Up
-- +goose StatementBegin
alter table gateway_conversations
    -- since when it is doubted who is behind the identity
    add column doubted_at timestamptz,
    add column unreachable_at timestamptz,
    add column unreachable json,
    add column marketing text not null default '',
    -- when the customer last said what they want, so that an older word changes nothing
    add column marketing_at timestamptz;

alter table gateway_outgoing
    add column content json,
    add column quote_id text collate "C",
    -- when the newest attempt began
    add column tried_at timestamptz;

alter table gateway_events
    -- the key of the customer's message that this one is about, and its digest
    add column about text collate "C",
    add column about_digest bytea,
    add column quoted_id text collate "C",
    -- null without a file; false when the channel gave the file no name
    add column file boolean,
    add column preference json,
    add column alert json,
    -- the webhook that it came in, and where in it; raw is then not kept again
    add column webhook bigint,
    add column body_from integer,
    add column body_to integer;

-- Messages that quote were kept before the column was. The operator refuses a
-- document with the character zero, and the mark of text.go must not be taken for one.
update gateway_events set quoted_id = message ->> 'quoted_id'
where message::text like '%"quoted_id":%' and message::text not like '%\\u0000%' and message::text not like '%\\u001b%';

-- What an event is found by once it is filed; accepting pays nothing for them.
create index gateway_events_id on gateway_events (id) where conversation_id is not null;
create index gateway_events_provider on gateway_events using hash (provider_id) where conversation_id is not null;
create index gateway_events_raw on gateway_events (received_at) where raw is not null;

-- A webhook as it came, once for all events of it.
create table gateway_webhooks (
    id bigint primary key,
    received_at timestamptz not null,
    body bytea not null
);
create index gateway_webhooks_received on gateway_webhooks (received_at);

-- The file of a message. Everything that the message says of it is read there.
create table gateway_files (
    id text collate "C" primary key,
    event bytea not null unique references gateway_events (digest),
    state text not null check (state in ('waiting', 'stored', 'failed')),
    due_at timestamptz,
    -- a turn waits for the file until then
    wait_until timestamptz not null,
    lease text collate "C",
    attempt integer not null default 0,
    type text not null default '',
    size bigint not null default 0,
    sha256 text not null default '',
    words text not null default '',
    error json
) with (fillfactor = 85);
create index gateway_files_due on gateway_files (due_at, id) where due_at is not null;

create table gateway_alerts (
    id text collate "C" primary key,
    kind text collate "C" not null,
    subject text collate "C" not null,
    state text not null,
    level text not null,
    detail text not null,
    at timestamptz not null,
    seen_by text not null default '',
    seen_at timestamptz,
    template json
);
create index gateway_alerts_at on gateway_alerts (at, id);
create index gateway_alerts_matter on gateway_alerts using hash (subject);

create table gateway_templates (
    name text collate "C" not null,
    language text collate "C" not null,
    template json not null,
    primary key (name, language)
);
-- +goose StatementEnd
