-- +goose Up
-- if not exists: two processes may open a new file at the same moment.
create table if not exists meta (
    -- one row
    id integer primary key check (id = 1),
    embedder text not null,
    dim integer not null,
    -- counts every change of a document; other processes see by it that
    -- their memory is out of date
    generation integer not null default 0
) strict;

create table if not exists documents (
    id text primary key,
    source text not null,
    title text not null,
    locale text not null,
    version text not null,
    collection text not null,
    -- the generation of the document's last change
    generation integer not null
) strict, without rowid;

create table if not exists chunks (
    document_id text not null references documents (id) on delete cascade,
    seq integer not null,
    id text not null unique,
    heading text not null,
    text text not null,
    question text not null,
    start_byte integer not null,
    end_byte integer not null,
    -- float32, little endian
    vector blob not null,
    primary key (document_id, seq)
) strict;
