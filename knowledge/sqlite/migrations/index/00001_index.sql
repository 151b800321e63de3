-- +goose Up
-- +goose StatementBegin
-- if not exists: two processes may open a new file at the same moment.
create table if not exists state (
    -- one row
    id integer primary key check (id = 1),
    -- counts every change of a document; other processes see by it that their memory is
    -- out of date
    generation integer not null default 0
) strict;

insert into state (id) values (1) on conflict do nothing;

create table if not exists documents (
    number integer primary key,
    id text not null unique,
    -- the generation of the last change of the document's passages
    generation integer not null,
    locale text not null,
    audience text not null,
    -- JSON lists
    markets text not null,
    tags text not null,
    valid_from text not null,
    valid_to text not null,
    title text not null,
    approver text not null,
    source text not null,
    collection text not null,
    version text not null,
    format text not null,
    validator text not null,
    -- microseconds since 1970, null for a time that was not told
    indexed_at integer,
    passages integer not null,
    body text not null
) strict;

create index if not exists documents_collection on documents (collection);

-- What changed is read of it alone: the rows hold the texts.
create index if not exists documents_generation on documents (generation, id);

-- What memory is loaded with comes first, so that the texts behind it need not be read.
create table if not exists chunks (
    -- never given twice: a passage that was replaced is not found by its old key
    key integer primary key autoincrement,
    document integer not null references documents (number) on delete cascade,
    seq integer not null,
    id text not null unique,
    hash text not null,
    tokens integer not null,
    words integer not null,
    -- knowledge.PackTerms and knowledge.PackVector
    terms blob not null,
    vector blob not null,
    start_byte integer not null,
    end_byte integer not null,
    heading text not null,
    question text not null,
    text text not null,
    unique (document, seq)
) strict;
-- +goose StatementEnd
