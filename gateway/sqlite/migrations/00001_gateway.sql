-- +goose Up
-- +goose StatementBegin
-- if not exists: two processes may open a new file at the same moment. All times
-- are nanoseconds since 1970 in UTC, and 0 is no time.
create table if not exists meta (
    -- one row
    id integer primary key check (id = 1),
    -- grows with every change that people can see
    revision integer not null default 0,
    -- the last event that was filed; all above it still have to be
    filed integer not null default 0
) strict;

insert or ignore into meta (id) values (1);

-- Everything that came in, in the order of acceptance. Accepting writes this row
-- and its key alone: the two other indexes hold filed messages only.
create table if not exists events (
    seq integer primary key,
    key text not null unique,
    kind text not null,
    channel text not null,
    user_id text not null,
    phone text not null,
    name text not null,
    at integer not null,
    received_at integer not null,
    answer_after integer not null,
    answer_by integer not null,
    -- the message or the status as JSON, or null
    body text,
    -- exactly what came, JSON or not
    raw blob,
    -- set when a message or an echo is filed
    conversation_id text,
    -- 1 from filing until a turn is done with it
    waiting integer
) strict;

create index if not exists events_conversation on events (conversation_id, received_at, seq)
    where conversation_id is not null;

create index if not exists events_waiting on events (conversation_id, seq) where waiting = 1;

-- The events that can't be filed: they are kept and not acted on.
create table if not exists aside (
    seq integer primary key
) strict;

-- A contact is a set of identities, each a key as gateway.Identity gives it.
create table if not exists identities (
    key text primary key,
    contact_id text not null
) strict, without rowid;

create index if not exists identities_contact on identities (contact_id);

create table if not exists conversations (
    id text primary key,
    contact_id text not null,
    channel text not null,
    user_id text not null,
    phone text not null,
    name text not null,
    mode text not null,
    epoch integer not null,
    language text not null,
    last_customer_at integer not null,
    agent text not null,
    fallbacks integer not null,
    clarified integer not null,
    created_at integer not null,
    updated_at integer not null,
    -- when the waiting events want a turn; null when none wait
    due_at integer,
    -- an abandoned turn is not tried again before
    retry_at integer not null default 0,
    lease text not null default '',
    leased_until integer not null default 0,
    attempt integer not null default 0,
    unique (contact_id, channel)
) strict, without rowid;

create index if not exists conversations_updated on conversations (updated_at, id);

create index if not exists conversations_due on conversations (due_at) where due_at is not null;

create table if not exists outgoing (
    -- the order of creation
    n integer primary key,
    id text not null unique,
    conversation_id text not null,
    channel text not null,
    user_id text not null,
    phone text not null,
    author text not null,
    agent text not null,
    text text not null,
    turn_id text not null,
    created_at integer not null,
    expires_at integer not null,
    state text not null,
    attempt integer not null default 0,
    lease text not null default '',
    -- when it may be tried; of a leased one, when it is tried again unless the
    -- attempt is settled before; null when nothing is left to do
    due_at integer,
    provider_id text not null default '',
    error text,
    payload blob
) strict;

create index if not exists outgoing_conversation on outgoing (conversation_id, created_at, n);

create index if not exists outgoing_unsettled on outgoing (due_at, created_at, n, conversation_id)
    where due_at is not null;

create index if not exists outgoing_before on outgoing (conversation_id, created_at, n)
    where due_at is not null;

create index if not exists outgoing_provider on outgoing (provider_id) where provider_id <> '';

-- Statuses of messages whose provider id is not known yet: the one of the highest
-- rank for each.
create table if not exists early_statuses (
    provider_id text primary key,
    state text not null,
    error text,
    received_at integer not null
) strict, without rowid;

create index if not exists early_statuses_received on early_statuses (received_at);

create table if not exists handoffs (
    id text primary key,
    conversation_id text not null,
    user_id text not null,
    phone text not null,
    name text not null,
    reason text not null,
    state text not null,
    agent text not null,
    packet text not null,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;

create index if not exists handoffs_created on handoffs (created_at, id);

create index if not exists handoffs_state on handoffs (state, created_at, id);

create index if not exists handoffs_conversation on handoffs (conversation_id);

create unique index if not exists handoffs_one_open on handoffs (conversation_id) where state in ('queued', 'claimed');

-- The decision records as JSON, in the order of the turns.
create table if not exists turns (
    n integer primary key,
    conversation_id text not null,
    record text not null
) strict;

create index if not exists turns_conversation on turns (conversation_id, n);

create table if not exists agents (
    name text primary key,
    password_hash text not null,
    created_at integer not null
) strict, without rowid;

create table if not exists sessions (
    token_hash text primary key,
    agent text not null,
    expires_at integer not null
) strict, without rowid;

create index if not exists sessions_expires on sessions (expires_at);

create index if not exists sessions_agent on sessions (agent);
-- +goose StatementEnd
