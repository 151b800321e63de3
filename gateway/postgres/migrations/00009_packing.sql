-- +goose Up
-- +goose StatementBegin
-- Decision records are the most of what a turn writes, and packing them was a third of the
-- commit's work: lz4 takes a fifth of the time for a tenth more space. A server that was
-- built without it packs as before.
do $$
begin
    alter table gateway_turns alter column record set compression lz4;
    alter table gateway_handoffs alter column packet set compression lz4;
exception when feature_not_supported then
    null;
end
$$;
-- +goose StatementEnd
