-- +goose Up
-- A key without a contact is one that somebody has left: whoever has it next may be
-- somebody new.
alter table gateway_identities alter column contact_id drop not null;
