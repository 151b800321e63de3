-- +goose Up
-- +goose StatementBegin
-- Turns are looked up by what files of verdicts call them.
create index turns_id on turns (json_extract(record, '$.id'));
-- +goose StatementEnd
