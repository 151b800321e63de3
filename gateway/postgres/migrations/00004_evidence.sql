-- +goose Up
-- +goose StatementBegin
-- What the replies rest on: one row for each passage that a sent reply cites. The hash is
-- empty in records from before it was kept.
create table gateway_citations (
    document_id text collate "C" not null,
    hash text collate "C" not null,
    chunk_id text collate "C" not null,
    turn_id text collate "C" not null references gateway_turns (id),
    primary key (document_id, hash, chunk_id, turn_id)
);

-- The turns whose question was not answered.
create table gateway_open_questions (
    turn_id text collate "C" primary key references gateway_turns (id),
    at timestamptz not null
);
create index gateway_open_questions_at on gateway_open_questions (at, turn_id);

-- The operators refuse a document with the character zero; such turns stay out.
insert into gateway_citations (document_id, hash, chunk_id, turn_id)
select distinct p ->> 'document_id', coalesce(p ->> 'hash', ''), p ->> 'id', t.id
from (select * from gateway_turns where record::text not like '%\u0000%') t
cross join json_array_elements(case json_typeof(t.record -> 'passages') when 'array' then t.record -> 'passages' else '[]' end) p
where t.record ->> 'outcome' = 'committed' and t.record -> 'decision' ->> 'kind' = 'reply'
    and exists (
        select from json_array_elements_text(
            case json_typeof(t.record -> 'draft' -> 'citations') when 'array' then t.record -> 'draft' -> 'citations' else '[]' end) c
        where c = p ->> 'id'
    );

insert into gateway_open_questions (turn_id, at)
select t.id, t.at from (select * from gateway_turns where record::text not like '%\u0000%') t
where t.record ->> 'outcome' = 'committed' and coalesce(t.record ->> 'query', '') <> ''
    and (t.record -> 'decision' ->> 'kind' = 'clarify' or t.record -> 'decision' ->> 'kind' = 'handoff'
        and t.record -> 'decision' ->> 'reason' in ('low_confidence', 'not_covered', 'unsupported_claim'));
-- +goose StatementEnd
