-- +goose Up
-- +goose StatementBegin
-- Which contacts let what they wrote be used to try changes.
create table agreements (
    contact_id text primary key,
    -- '', 'given' or 'withheld'
    consent text not null,
    by text not null,
    at integer not null
) strict, without rowid;
-- +goose StatementEnd
