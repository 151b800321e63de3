-- +goose Up
-- +goose StatementBegin
-- What a cited passage says, by its hash. Empty in rows from before it was kept, until
-- somebody asks what rests on a passage.
alter table gateway_citations add column text_hash text collate "C" not null default '';
create index gateway_citations_text on gateway_citations (text_hash);
-- +goose StatementEnd
