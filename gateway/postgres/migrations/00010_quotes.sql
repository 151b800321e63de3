-- +goose Up
-- +goose StatementBegin
-- The message that another one answers, in the same conversation: the customer's by its
-- key, and any by the channel's id. Hardly any message answers one, and a function costs
-- only where it is called, while a join costs every claim.
create function gateway_quote(of_digest bytea, of_id text, within text)
returns table (author text, message json, words text, body text, content json)
language plpgsql stable rows 1 as $$
begin
    return query
    select case t.kind when 'echo' then 'agent' else 'customer' end, t.message, w.words, '', null::json
    from gateway_events t left join gateway_files w on w.event = t.digest
    where t.digest = of_digest and t.conversation_id = within
    union all
    select case t.kind when 'echo' then 'agent' else 'customer' end, t.message, w.words, '', null::json
    from gateway_events t left join gateway_files w on w.event = t.digest
    where t.provider_id = of_id and t.conversation_id = within and t.kind in ('message', 'echo')
    union all
    select o.author, null::json, null, o.body, o.content from gateway_outgoing o
    where o.provider_id = of_id and o.conversation_id = within
    limit 1;
end
$$;
-- +goose StatementEnd
