-- +goose Up
create extension if not exists vector;

-- One row. The embedding column of knowledge_chunks gets its dimension and its
-- index when the first process notes its embedding model here.
create table knowledge_meta (
    id integer primary key check (id = 1),
    embedder text not null,
    dim integer not null
);

create table knowledge_documents (
    id text collate "C" primary key,
    source text not null,
    title text not null,
    locale text not null,
    version text not null,
    collection text not null
);

create table knowledge_chunks (
    no bigint generated always as identity primary key,
    id text collate "C" not null unique,
    document_id text collate "C" not null references knowledge_documents (id) on delete cascade,
    seq integer not null,
    language text collate "C" not null,
    heading text not null,
    body text not null,
    question text not null,
    start_byte integer not null,
    end_byte integer not null,
    words integer not null,
    -- the distinct terms, to find the chunk's postings again
    terms text[] not null,
    embedding vector not null
);
create index knowledge_chunks_document on knowledge_chunks (document_id, seq);

-- How often a term occurs in a chunk, with the chunk's length, so that scoring
-- reads this table alone. No foreign key: one check for each word of a document
-- would cost more than the rest of the ingest.
create table knowledge_postings (
    language text collate "C" not null,
    term text collate "C" not null,
    chunk bigint not null,
    tf integer not null,
    words integer not null,
    primary key (language, term, chunk) include (tf, words)
);

create table knowledge_terms (
    language text collate "C" not null,
    term text collate "C" not null,
    df integer not null,
    primary key (language, term)
);

create table knowledge_stats (
    language text collate "C" primary key,
    chunks bigint not null,
    words bigint not null
);
