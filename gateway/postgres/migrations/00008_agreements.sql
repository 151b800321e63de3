-- +goose Up
-- +goose StatementBegin
-- Which contacts let what they wrote be used to try changes. A contact that became part
-- of another leaves its row to that one.
create table gateway_agreements (
    contact_id text collate "C" primary key,
    -- '', 'given' or 'withheld'
    consent text not null,
    by text not null,
    at timestamptz
);
-- +goose StatementEnd
