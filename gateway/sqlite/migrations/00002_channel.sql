-- +goose Up
-- +goose StatementBegin
-- The whole file is one transaction: of two processes that open a file at the same
-- moment one is refused, undoes all of it and finds it done.
alter table conversations add column doubted_at integer not null default 0;
alter table conversations add column unreachable_at integer not null default 0;
-- why the customer can't be reached, as JSON, or null
alter table conversations add column unreachable text;
alter table conversations add column marketing text not null default '';
-- when the customer last said what they want, so that an older word changes nothing
alter table conversations add column marketing_at integer not null default 0;

-- what the message holds beside its text, as JSON, or null
alter table outgoing add column content text;
alter table outgoing add column quote_id text not null default '';
-- when the newest attempt began
alter table outgoing add column tried_at integer not null default 0;

-- the provider's time of the status
alter table early_statuses add column at integer not null default 0;

-- the key of the customer's message that this one is about
alter table events add column about text not null default '';
-- the channel's id of a message or an echo, set when it is filed
alter table events add column provider_id text;
-- the webhook that it came in, and where in it; raw is not kept again then
alter table events add column webhook integer;
alter table events add column body_from integer;
alter table events add column body_to integer;

update events set provider_id = nullif(json_extract(body, '$.provider_id'), '')
    where conversation_id is not null and json_valid(body);

-- Accepting a message writes none of them.
create index events_provider on events (provider_id) where provider_id is not null;
create index events_about on events (about) where about <> '' and kind = 'signal';
create index events_raw on events (received_at) where raw is not null;

-- The webhooks as they came, each once for all events that came in it. Numbers are
-- not given again: events keep that of a webhook that is dropped.
create table webhooks (
    id integer primary key autoincrement,
    received_at integer not null,
    body blob not null
) strict;

create index webhooks_received on webhooks (received_at);

-- The file of a message, under the number of its event. What the message says of it
-- is read there.
create table files (
    event integer primary key,
    id text not null unique,
    state text not null,
    attempt integer not null default 0,
    lease text not null default '',
    -- when it may be fetched; of a leased one, when the lease is over; null when
    -- nothing is left to do
    due_at integer,
    -- a turn waits for the file until then
    wait_until integer not null,
    -- what the content is
    type text not null default '',
    size integer not null default 0,
    sha256 text not null default '',
    words text not null default '',
    error text
) strict;

create index files_due on files (due_at, id) where due_at is not null;

create table alerts (
    id text primary key,
    kind text not null,
    subject text not null,
    state text not null,
    level text not null,
    detail text not null,
    at integer not null,
    seen_by text not null,
    seen_at integer not null,
    template text
) strict, without rowid;

create index alerts_at on alerts (at, id);

create index alerts_matter on alerts (kind, subject, at, id);

create table templates (
    name text not null,
    language text not null,
    template text not null,
    primary key (name, language)
) strict, without rowid;
-- +goose StatementEnd
