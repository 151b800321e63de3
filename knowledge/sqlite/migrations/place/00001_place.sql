-- +goose Up
-- +goose StatementBegin
-- if not exists: two processes may open a new folder at the same moment.
create table if not exists indexes (
    -- never given twice, and part of the file's name: who still holds a dropped index
    -- open can't take another one for it
    number integer primary key autoincrement,
    embedder text not null,
    dim integer not null,
    splitter text not null,
    in_use integer not null default 0,
    unique (embedder, dim, splitter)
) strict;

create unique index if not exists indexes_in_use on indexes (in_use) where in_use;

-- one row that counts the changes of the revocations; other processes see by it that
-- theirs are out of date
create table if not exists changes (
    id integer primary key check (id = 1),
    revocations integer not null default 0
) strict;

insert into changes (id) values (1) on conflict do nothing;

create table if not exists revocations (
    document_id text not null,
    hash text not null,
    chunk_id text not null,
    -- microseconds since 1970
    at integer not null,
    revoked_by text not null,
    reason text not null,
    primary key (document_id, hash)
) strict, without rowid;

create table if not exists models (
    number integer primary key,
    name text not null unique
) strict;

create table if not exists vectors (
    number integer primary key,
    model integer not null references models (number),
    hash text not null,
    -- seconds since 1970
    used integer not null,
    -- float32, little endian
    vector blob not null,
    unique (model, hash)
) strict;

create index if not exists vectors_used on vectors (used);
-- +goose StatementEnd
