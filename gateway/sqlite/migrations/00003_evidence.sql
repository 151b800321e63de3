-- +goose Up
-- +goose StatementBegin
-- What the replies rest on: one row for each passage that a sent reply cites. turn is
-- turns.n. The hash is empty in records from before it was kept.
create table if not exists citations (
    document_id text not null,
    hash text not null,
    chunk_id text not null,
    turn integer not null,
    primary key (document_id, hash, chunk_id, turn)
) strict, without rowid;

-- The turns whose question was not answered, with the time of the record.
create table if not exists open_questions (
    turn integer primary key,
    at integer not null
) strict;

insert or ignore into citations (document_id, hash, chunk_id, turn)
select p.value ->> 'document_id', coalesce(p.value ->> 'hash', ''), p.value ->> 'id', t.n
from turns t, json_each(t.record, '$.passages') p
where t.record ->> '$.outcome' = 'committed' and t.record ->> '$.decision.kind' = 'reply'
    and exists (select 1 from json_each(t.record, '$.draft.citations') c where c.value = p.value ->> 'id');

insert or ignore into open_questions (turn, at)
select t.n, unixepoch(t.record ->> '$.at') * 1000000000
from turns t
where t.record ->> '$.outcome' = 'committed' and coalesce(t.record ->> '$.query', '') <> ''
    and (t.record ->> '$.decision.kind' = 'clarify' or t.record ->> '$.decision.kind' = 'handoff'
        and t.record ->> '$.decision.reason' in ('low_confidence', 'not_covered', 'unsupported_claim'));

-- The state before the attempt that is under way.
alter table outgoing add column before text not null default '';
-- +goose StatementEnd
