-- Where the links of editions lead, as last seen.
create table link_checks (
  -- SHA-256 of the address.
  hash           text primary key,
  url            text not null,
  outcome        text not null check (outcome in ('fine', 'moved', 'lost', 'dead', 'unknown')),
  leads_to       text,
  said           text not null default '',
  checked_at     timestamptz not null
);
create index link_checks_age on link_checks (checked_at);

-- What takes long to count, as it was counted last: see src/platform/database/counts.ts.
create table counts (
  key            text primary key,
  value          jsonb not null,
  counted_at     timestamptz not null,
  took_ms        double precision not null
);

create index edition_revisions_subject on edition_revisions (lower(content ->> 'subject'));

-- What an installation makes of the theme that comes with the program: revisions, and what is being worked on.
create table themes (
  name           text primary key check (name ~ '^[a-z0-9-]{1,40}$'),
  -- In use; 0 is as it comes.
  revision       int not null,
  working        jsonb
);
create table theme_revisions (
  theme          text not null references themes,
  revision       int not null,
  design         jsonb not null,
  made_by        text not null,
  made_at        timestamptz not null,
  change         text not null default '',
  primary key (theme, revision)
);

-- Who has an edition before them at the desk, as of a moment ago.
create table edition_viewers (
  edition_id     bigint not null references editions on delete cascade,
  account_id     bigint not null references accounts on delete cascade,
  name           text not null,
  seen_at        timestamptz not null,
  primary key (edition_id, account_id)
);

-- What the composer had proposed by a revision, for whoever brings it back; and the mark that another one has taken the place of.
alter table edition_revisions add column proposal jsonb;
alter table piece_marks add column replaced jsonb;
