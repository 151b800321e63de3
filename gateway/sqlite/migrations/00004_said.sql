-- +goose Up
-- +goose StatementBegin
-- What a cited passage says, by its hash. Empty in rows from before it was kept, until
-- somebody asks what rests on a passage.
alter table citations add column text_hash text not null default '';
create index citations_text on citations (text_hash);
-- +goose StatementEnd
