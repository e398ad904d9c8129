-- Who holds which part of the ledger. What is claimed is a batch, under a fencing token and a lease; its rows carry the token
-- of whoever handed them over.
create table batches (
  edition_id     bigint not null,
  batch          int not null,
  claim          bigint,
  lease_until    timestamptz,
  -- When somebody in it is due; null where nobody in it is left to be reached.
  due_at         timestamptz,
  primary key (edition_id, batch)
) with (fillfactor = 50);

alter table deliveries drop column lease_until;
-- Why a row is where it is, as a word to count and to retry by; `reason` has the server's own words.
alter table deliveries add column cause text;
alter table deliveries add column relay text;

-- When it was tried for the first time: what is put off is put off from there.
alter table deliveries add column tried_at timestamptz;

insert into batches (edition_id, batch, due_at)
select d.edition_id, d.batch, case when e.state in ('sending', 'paused') then now() end
from deliveries d join editions e on e.id = d.edition_id group by d.edition_id, d.batch, e.state;
update deliveries set tried_at = now() where state = 'deferred';
update deliveries set cause = 'stopped' where state = 'withdrawn' and reason = 'the edition was stopped';

-- A correction goes to those whom the edition that it corrects has reached.
alter table editions add column corrects_edition_id bigint references editions;
-- Since when its deferred recipients are being tried, where that is not its start: after a retry or a correction.
alter table editions add column retried_at timestamptz;

-- How fast a relay or a recipient domain takes mail, known to all workers: `relay:<name>`, `domain:<name>`.
create table pacing (
  key            text primary key,
  -- When the next message may leave, where there is a rate.
  next_at        timestamptz not null default now(),
  -- Up to when messages that have to wait have been spread out.
  spread_to      timestamptz not null default now(),
  -- Messages a second that a throttling server was found to take; null: as configured.
  slowed_to      double precision,
  slowed_at      timestamptz,
  -- Nothing leaves before, and why.
  held_until     timestamptz,
  held_cause     text,
  held_reason    text,
  failures       int not null default 0,
  -- Messages of a day (UTC), for the quota.
  day            date,
  day_count      int not null default 0
);

-- What the operator allows per recipient domain; '*' is every domain without a row of its own.
create table domain_limits (
  domain         text primary key,
  per_second     double precision check (per_second > 0),
  connections    int check (connections > 0),
  per_connection int check (per_connection > 0)
);

-- Connections that are in use, of those a relay or a domain allows over all workers.
create table connection_slots (
  key            text not null,
  slot           int not null,
  holder         text not null,
  lease_until    timestamptz not null,
  primary key (key, slot)
);
alter table worker_presence add column sending boolean not null default false;

-- What editors are to be told; told_at is set when the letter has gone out.
create table alerts (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint not null references newsletters,
  edition_id     bigint references editions,
  kind           text not null,
  detail         jsonb not null default '{}',
  raised_at      timestamptz not null default now(),
  told_at        timestamptz
);
create index alerts_untold on alerts (id) where told_at is null;

-- Sums of editions whose rows have been deleted after the retention.
create table ledger_archive (
  edition_id     bigint primary key references editions,
  sums           jsonb not null,
  archived_at    timestamptz not null default now()
);

-- DKIM keys; the private half is encrypted with the installation's signing key.
create table dkim_keys (
  domain         text not null,
  selector       text not null,
  algorithm      text not null check (algorithm in ('rsa', 'ed25519')),
  private_key    text not null,
  public_key     text not null,
  made_at        timestamptz not null,
  used_since     timestamptz,
  retired_at     timestamptz,
  primary key (domain, selector)
);
