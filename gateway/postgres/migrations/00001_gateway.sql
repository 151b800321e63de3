-- +goose Up
-- +goose StatementBegin
create table gateway_contacts (
    id text collate "C" primary key,
    created_at timestamptz not null
);

-- What names a contact: "user:" or "phone:" and the value. A phone number can
-- move to another contact, a user id can't.
create table gateway_identities (
    key text collate "C" primary key,
    contact_id text collate "C" not null references gateway_contacts (id)
);
create index gateway_identities_contact on gateway_identities (contact_id);

create table gateway_conversations (
    id text collate "C" primary key,
    contact_id text collate "C" not null references gateway_contacts (id),
    channel text collate "C" not null,
    user_id text not null,
    phone text not null,
    name text not null,
    mode text not null,
    epoch bigint not null,
    language text not null,
    last_customer_at timestamptz,
    agent text not null,
    fallbacks integer not null,
    clarified boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- how many events were filed here: the newest event's number
    filed bigint not null,
    -- when the waiting events want their turn; null when none waits
    due_at timestamptz,
    lease text collate "C",
    leased_until timestamptz,
    attempt integer not null default 0,
    unique (contact_id, channel)
) with (fillfactor = 85);
create index gateway_conversations_due on gateway_conversations (due_at, id) where due_at is not null;
create index gateway_conversations_updated on gateway_conversations (updated_at, id);
create unique index gateway_conversations_lease on gateway_conversations (lease) where lease is not null;

-- The order of acceptance. It is not the order of commits, which is why filing
-- goes by the state of each event and never by the last number that was filed.
create sequence gateway_event_no;

create table gateway_events (
    -- the hash of the key, which may be longer than an index takes
    digest bytea primary key,
    key text collate "C" not null,
    no bigint not null,
    id text collate "C" not null,
    kind text not null,
    channel text collate "C" not null,
    user_id text collate "C" not null,
    phone text collate "C" not null,
    name text not null,
    happened_at timestamptz,
    received_at timestamptz not null,
    answer_after timestamptz,
    answer_by timestamptz,
    provider_id text collate "C",
    -- json and not jsonb, which refuses the character zero
    message json,
    status json,
    raw bytea,
    -- failed: it can't be filed and is only kept
    state text not null default 'accepted' check (state in ('accepted', 'waiting', 'done', 'failed')),
    -- set by filing: the conversation and the event's number in it
    conversation_id text collate "C",
    seq bigint
);
create index gateway_events_accepted on gateway_events (no) where state = 'accepted';
create index gateway_events_waiting on gateway_events (conversation_id) where state = 'waiting';
create index gateway_events_conversation on gateway_events (conversation_id, received_at, id) where conversation_id is not null;
-- Hash indexes take ids of any length.
create index gateway_events_status on gateway_events using hash (provider_id) where kind = 'status';

create table gateway_outgoing (
    id text collate "C" primary key,
    conversation_id text collate "C" not null references gateway_conversations (id),
    channel text not null,
    user_id text not null,
    phone text not null,
    author text not null,
    agent text not null,
    body text not null,
    turn_id text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    state text not null,
    -- the state before the attempt that is under way
    before text not null default '',
    open boolean generated always as (state in ('queued', 'sending', 'unknown')) stored,
    due_at timestamptz,
    attempt integer not null default 0,
    lease text collate "C",
    provider_id text collate "C",
    error json,
    payload bytea
) with (fillfactor = 85);
create index gateway_outgoing_due on gateway_outgoing (due_at, created_at, id) where open;
create index gateway_outgoing_conversation on gateway_outgoing (conversation_id, created_at, id);
create index gateway_outgoing_unsettled on gateway_outgoing (conversation_id, created_at, id) where open;
create index gateway_outgoing_provider on gateway_outgoing using hash (provider_id);

create table gateway_turns (
    id text collate "C" primary key,
    conversation_id text collate "C" not null references gateway_conversations (id),
    at timestamptz not null,
    record json not null
);
create index gateway_turns_conversation on gateway_turns (conversation_id, at, id);

create table gateway_handoffs (
    id text collate "C" primary key,
    conversation_id text collate "C" not null references gateway_conversations (id),
    user_id text not null,
    phone text not null,
    name text not null,
    reason text not null,
    state text not null,
    agent text not null,
    packet json not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index gateway_handoffs_one_open on gateway_handoffs (conversation_id) where state in ('queued', 'claimed');
create index gateway_handoffs_conversation on gateway_handoffs (conversation_id);
create index gateway_handoffs_created on gateway_handoffs (created_at, id);
create index gateway_handoffs_state on gateway_handoffs (state, created_at, id);

create table gateway_agents (
    name text collate "C" primary key,
    password_hash text not null,
    created_at timestamptz
);

create table gateway_sessions (
    token_hash text collate "C" primary key,
    agent text collate "C" not null,
    expires_at timestamptz not null
);
create index gateway_sessions_expiry on gateway_sessions (expires_at);
create index gateway_sessions_agent on gateway_sessions (agent);

-- The revision is the sum. A counter of one row would make every commit wait for
-- the one before it, a sequence would grow before its change can be seen; here
-- each connection has its own row, and a row changes with the commit.
create table gateway_revision (
    shard integer primary key,
    n bigint not null
) with (fillfactor = 20);
insert into gateway_revision (shard, n) select shard, 0 from generate_series(0, 63) as g (shard);

-- Locks a conversation for the commit of a turn, or refuses with the state RG001
-- (lease lost), RG002 (a person owns it) or RG003 (superseded; an overdue turn by an
-- echo alone). Each statement sees what was committed until then, also what was committed while the first
-- waited for its lock. Few events are ever accepted and not filed: the planner is
-- kept to their index whatever it believes.
create function gateway_hold(wanted text, token text, claimed_epoch bigint, through bigint, overdue boolean) returns void
language plpgsql set enable_seqscan = off as $$
declare
    c gateway_conversations;
begin
    select * into c from gateway_conversations where id = wanted for no key update;
    if not found or c.lease is distinct from token then
        raise exception 'the lease is lost' using errcode = 'RG001';
    end if;
    if c.epoch <> claimed_epoch then
        raise exception 'a person has taken over' using errcode = 'RG002';
    end if;
    if c.filed > through and (not overdue or exists (
        select from gateway_events e
        where e.state = 'waiting' and e.conversation_id = wanted and e.kind = 'echo' and e.seq > through
    )) or exists (
        select from gateway_events e
        where e.state = 'accepted' and (e.kind = 'echo' or e.kind = 'message' and not overdue) and e.channel = c.channel
            and exists (
                select from gateway_identities i
                where i.contact_id = c.contact_id and i.key in ('user:' || e.user_id, 'phone:' || e.phone)
            )
    ) then
        raise exception 'superseded by a newer message' using errcode = 'RG003';
    end if;
end
$$;
-- +goose StatementEnd
