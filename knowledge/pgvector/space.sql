-- The tables of one index. @ is its number and DIM the dimension of its vectors.
create table knowledge_@_documents (
    no integer generated always as identity primary key,
    id text collate "C" not null unique,
    title text not null,
    locale text not null,
    audience text not null,
    markets text[] not null,
    valid_from text not null,
    valid_to text not null,
    approver text not null,
    tags text[] not null,
    source text not null,
    collection text not null,
    version text not null,
    body text not null,
    format text not null,
    validator text not null,
    indexed_at timestamptz not null,
    passages integer not null
);

-- Every combination of what a query filters by. There are few, so a search decides
-- about them in the process and the database compares one number for each chunk.
create table knowledge_@_facets (
    id integer generated always as identity primary key,
    language text collate "C" not null,
    audience text not null,
    markets text[] not null,
    valid_from text collate "C" not null,
    valid_to text collate "C" not null,
    unique (language, audience, markets, valid_from, valid_to)
);

-- What a search ranks by, in few pages: the texts and the full vectors are apart. The
-- vector stays in the row, where reading it costs no second look-up.
create table knowledge_@_chunks (
    no integer generated always as identity primary key,
    document integer not null,
    -- the number of the facet, negative while the passage is revoked
    facet integer not null,
    tokens integer not null,
    id text collate "C" not null unique,
    hash text collate "C" not null,
    embedding halfvec(DIM) not null
) with (toast_tuple_target = 8160);
create index knowledge_@_chunks_document on knowledge_@_chunks (document);
create index knowledge_@_chunks_facet on knowledge_@_chunks (facet, document, no);

create table knowledge_@_vectors (
    no integer primary key,
    embedding vector(DIM) not null
) with (toast_tuple_target = 8160);

create table knowledge_@_passages (
    no integer primary key,
    seq integer not null,
    heading text not null,
    body text not null,
    question text not null,
    start_byte integer not null,
    end_byte integer not null
);

-- Changes in the order in which they were committed, see change.go.
create table knowledge_@_log (
    generation bigint primary key,
    change bytea not null
);

-- In how many chunks a term is and how long chunks are, as of the last fold.
create table knowledge_@_terms (
    language text collate "C" not null,
    term text collate "C" not null,
    df integer not null,
    primary key (language, term)
);

create table knowledge_@_stats (
    language text collate "C" primary key,
    chunks bigint not null,
    words bigint not null
);

-- The postings of the chunks that were folded together, packed, see postings.go.
create table knowledge_@_segments (
    id integer generated always as identity primary key,
    chunks integer not null
);

create table knowledge_@_postings (
    language text collate "C" not null,
    term text collate "C" not null,
    segment integer not null,
    postings bytea not null,
    primary key (language, term, segment)
);
-- Packed already.
alter table knowledge_@_postings alter column postings set storage external;
