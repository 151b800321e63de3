-- +goose Up
-- +goose StatementBegin
-- A key without a contact is one that somebody has left: whoever has it next may be
-- somebody new.
alter table gateway_identities alter column contact_id drop not null;

-- A part of the identity before a change that a signal tells of. The operators refuse a
-- document with the character zero; such a signal counts when it is filed.
create function gateway_was(message json, part text) returns text
language sql immutable as $$
    select case when message::text like '%"was":%' and message::text not like '%\\u0000%' then message -> 'was' ->> part end
$$;

-- As before, and what the channel tells of the customer supersedes every turn from when
-- it is accepted: it may be that somebody else is there, or that a message is withdrawn.
create or replace function gateway_hold(wanted text, token text, claimed_epoch bigint, through bigint, overdue boolean) returns void
language plpgsql set enable_seqscan = off as $$
declare
    c gateway_conversations;
begin
    select * into c from gateway_conversations where id = wanted for no key update;
    if not found or c.lease is distinct from token then
        raise exception 'the lease is lost' using errcode = 'RG001';
    end if;
    if c.epoch <> claimed_epoch then
        raise exception 'a person has taken over' using errcode = 'RG002';
    end if;
    if c.filed > through and (not overdue or exists (
        select from gateway_events e
        where e.state = 'waiting' and e.conversation_id = wanted and e.kind = 'echo' and e.seq > through
    )) or exists (
        select from gateway_events e
        where e.state = 'accepted' and (e.kind in ('echo', 'signal') or e.kind = 'message' and not overdue) and e.channel = c.channel
            and exists (
                select from gateway_identities i
                where i.contact_id = c.contact_id and (i.key in ('user:' || e.user_id, 'phone:' || e.phone)
                    or e.kind = 'signal' and i.key in ('user:' || gateway_was(e.message, 'user_id'), 'phone:' || gateway_was(e.message, 'phone')))
            )
    ) then
        raise exception 'superseded by a newer message' using errcode = 'RG003';
    end if;
end
$$;

-- What came before the message that it is about.
create index gateway_events_about on gateway_events (about_digest) where kind = 'signal' and about_digest is not null;
-- +goose StatementEnd
