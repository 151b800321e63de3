-- +goose Up
-- +goose StatementBegin
create extension if not exists vector;

-- The indexes of this place, by what they are built with. The tables of each are
-- named after its number, see space.sql.
create table knowledge_spaces (
    id integer generated always as identity primary key,
    embedder text collate "C" not null,
    dim integer not null,
    splitter text collate "C" not null,
    in_use boolean not null,
    -- counts the changes; each has its row in the space's log
    generation bigint not null default 0,
    -- the last change whose words are in segments
    folded bigint not null default 0,
    -- how many chunks came and went since
    pending integer not null default 0,
    unique (embedder, dim, splitter)
);
create unique index knowledge_spaces_in_use on knowledge_spaces (in_use) where in_use;

create table knowledge_revocations (
    document_id text collate "C" not null,
    hash text collate "C" not null,
    chunk_id text collate "C" not null,
    at timestamptz not null,
    by text not null,
    reason text not null,
    primary key (document_id, hash)
);

create table knowledge_vectors (
    model text collate "C" not null,
    hash text collate "C" not null,
    vector real[] not null,
    used_at timestamptz not null,
    primary key (model, hash)
);
create index knowledge_vectors_used on knowledge_vectors (used_at);
-- +goose StatementEnd
