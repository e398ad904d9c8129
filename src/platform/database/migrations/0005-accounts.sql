-- Who may use the desk and the API. The one-time links and sessions of before accounts are of no use any more.
drop table desk_keys;

create table accounts (
  id             bigint generated always as identity primary key,
  address        text not null,
  address_key    text not null unique,
  name           text not null,
  role           text not null check (role in ('viewer', 'author', 'editor', 'administrator')),
  -- The newsletters that it is for; null is all of them.
  newsletter_ids bigint[],
  -- Null until it is set by its invitation.
  password_hash  text,
  -- Encrypted with the installation's signing key; asked for since the first right code.
  totp_secret    text,
  totp_since     timestamptz,
  -- The last time step of which a code was used: each is good once.
  totp_step      bigint not null default 0,
  created_at     timestamptz not null default now(),
  signed_in_at   timestamptz,
  disabled_at    timestamptz
);

-- Who it is for an OpenID provider.
create table account_identities (
  issuer         text not null,
  subject        text not null,
  account_id     bigint not null references accounts on delete cascade,
  primary key (issuer, subject)
);
create index account_identities_account on account_identities (account_id);

create table recovery_codes (
  account_id     bigint not null references accounts on delete cascade,
  hash           text not null,
  used_at        timestamptz,
  primary key (account_id, hash)
);

-- One-time links; only hashes are kept. `first` makes the first administrator and belongs to no account yet.
create table account_links (
  hash           text primary key,
  kind           text not null check (kind in ('first', 'invitation', 'reset', 'sign-in')),
  account_id     bigint references accounts on delete cascade,
  target         text not null default '/',
  expires_at     timestamptz not null,
  used_at        timestamptz
);
create index account_links_account on account_links (account_id);

create table sessions (
  hash           text primary key,
  account_id     bigint not null references accounts on delete cascade,
  -- `factor`: the password was right and the code is wanted; it opens nothing but that page.
  state          text not null check (state in ('factor', 'full')),
  target         text not null default '/',
  created_at     timestamptz not null,
  seen_at        timestamptz not null,
  expires_at     timestamptz not null,
  address        text not null default '',
  agent          text not null default ''
);
create index sessions_account on sessions (account_id);
create index sessions_expiry on sessions (expires_at);

create table api_tokens (
  id             bigint generated always as identity primary key,
  account_id     bigint not null references accounts on delete cascade,
  name           text not null,
  hash           text not null unique,
  -- Its first characters, by which its owner knows it again.
  beginning      text not null,
  scopes         text[] not null,
  newsletter_ids bigint[],
  expires_at     timestamptz not null,
  created_at     timestamptz not null,
  used_at        timestamptz,
  revoked_at     timestamptz
);
create index api_tokens_account on api_tokens (account_id);

-- How much of what is limited has been used, for all processes. What a crash forgets is no loss.
create unlogged table rate_limits (
  key            text primary key,
  -- When all that was used will have been forgotten (GCRA's theoretical arrival time).
  full_at        timestamptz not null
);

-- What was answered to a POST with an idempotency key; the answer is encrypted, for it may hold a secret that is shown once.
create table idempotency_keys (
  owner          text not null,
  key            text not null,
  fingerprint    text not null,
  status         int,
  answer         text,
  made_at        timestamptz not null,
  primary key (owner, key)
);
create index idempotency_keys_made on idempotency_keys (made_at);

alter table audit_log
  add column account_id bigint,
  -- desk, api, command line, clock, link
  add column via text not null default '',
  add column address text not null default '',
  add column agent text not null default '';
create index audit_log_subject on audit_log (subject, id);
create index audit_log_account on audit_log (account_id, id);
create index audit_log_act on audit_log (act text_pattern_ops, id);

-- What was done stays written down, whoever would rather not have it so.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create trigger audit_log_append_only before update or delete on audit_log for each row execute function refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log for each statement execute function refuse_change();

-- Who changed it, where that was an account: with two people required, that account cannot approve it.
alter table edition_revisions add column made_by_account bigint;
alter table approvals add column approved_by_account bigint;

-- Comments of a review, and who asked for it.
create table edition_reviews (
  id             bigint generated always as identity primary key,
  edition_id     bigint not null references editions,
  revision       int not null,
  act            text not null check (act in ('asked', 'sent back', 'commented')),
  comment        text not null default '',
  made_by        text not null,
  made_at        timestamptz not null
);
create index edition_reviews_edition on edition_reviews (edition_id, id);

create table imports (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint not null references newsletters,
  ground         text not null,
  made_by        text not null,
  made_at        timestamptz not null,
  report         jsonb not null
);
create index imports_newsletter on imports (newsletter_id, id);

create table webhooks (
  id             bigint generated always as identity primary key,
  name           text not null,
  url            text not null,
  -- May it be on a private network?
  is_local       boolean not null default false,
  events         text[] not null,
  newsletter_ids bigint[],
  -- Encrypted with the installation's signing key. After a rotation both sign until the old one ends.
  secret         text not null,
  old_secret     text,
  old_until      timestamptz,
  created_at     timestamptz not null,
  paused_at      timestamptz,
  -- Why it was paused, where nobody did it.
  paused_cause   text
);
create table webhook_deliveries (
  id             bigint generated always as identity primary key,
  webhook_id     bigint not null references webhooks on delete cascade,
  -- The same for every webhook and every try of one event (webhook-id).
  event_id       text not null,
  type           text not null,
  payload        jsonb not null,
  made_at        timestamptz not null default now(),
  attempts       int not null default 0,
  -- When it is tried next; null where it is through.
  due_at         timestamptz,
  delivered_at   timestamptz,
  status         int,
  problem        text
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where due_at is not null;
create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id);
-- When the sums of an edition were last told.
alter table editions add column sums_told_at timestamptz;

-- Lists, a page at a time, whatever their length.
create index subscriptions_state on subscriptions (newsletter_id, state, subscriber_id);
create index subscribers_address on subscribers (address_key text_pattern_ops);
create index pieces_page on pieces (published_at desc, id desc);
create function words_of(text[]) returns text language sql immutable as $$ select array_to_string($1, ' ') $$;
alter table pieces add column search tsvector generated always as (
  to_tsvector('simple', title || ' ' || deck || ' ' || kind || ' ' || region || ' ' || words_of(authors))
) stored;
create index pieces_search on pieces using gin (search);
-- A piece's time does not change: how much comes from a source, and how lately, is in one index.
alter table piece_sources add column published_at timestamptz;
update piece_sources s set published_at = p.published_at from pieces p where p.id = s.piece_id;
alter table piece_sources alter column published_at set not null;
create index piece_sources_time on piece_sources (source_id, published_at);
create index piece_likeness_undecided on piece_likeness (found_at desc, piece_id desc, other_id) where verdict is null;
