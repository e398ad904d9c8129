-- The house: one publication an installation.
create table publication (
  id             int primary key default 1 check (id = 1),
  name           text not null,
  tagline        text not null default '',
  home_url       text not null,
  logo_url       text,
  postal_address text not null,
  social_links   jsonb not null default '[]',
  language       text not null default 'en'
);

create table sources (
  id             bigint generated always as identity primary key,
  name           text not null unique,
  url            text not null unique,
  -- May it be fetched from a private or loopback address?
  is_local       boolean not null default false,
  etag           text,
  last_modified  text,
  checked_at     timestamptz,
  succeeded_at   timestamptz,
  last_problem   text,
  created_at     timestamptz not null default now()
);

create table pieces (
  id             bigint generated always as identity primary key,
  url_key        text not null unique,
  url            text not null,
  guid           text,
  source_id      bigint not null references sources,
  title          text not null,
  deck           text not null default '',
  kind           text not null default '',
  region         text not null default '',
  authors        text[] not null default '{}',
  tags           text[] not null default '{}',
  image          jsonb,
  reading_minutes int not null default 1,
  language       text not null default '',
  published_at   timestamptz not null,
  updated_at     timestamptz,
  first_seen_at  timestamptz not null,
  changed_at     timestamptz not null,
  content_hash   text not null
);
create index pieces_published on pieces (published_at desc);
create index pieces_source_guid on pieces (source_id, guid);

create table subscribers (
  id             bigint generated always as identity primary key,
  address        text not null,
  address_key    text not null unique,
  domain         text not null,
  name           text not null default '',
  created_at     timestamptz not null default now()
);

create type subscription_state as enum ('pending', 'active', 'unsubscribed');

create table newsletters (
  id             bigint generated always as identity primary key,
  slug           text not null unique,
  name           text not null,
  settings       jsonb not null,
  schedule_since timestamptz not null,
  created_at     timestamptz not null default now()
);

create table newsletter_sources (
  newsletter_id  bigint not null references newsletters,
  source_id      bigint not null references sources,
  primary key (newsletter_id, source_id)
);

create table subscriptions (
  newsletter_id  bigint not null references newsletters,
  subscriber_id  bigint not null references subscribers,
  state          subscription_state not null,
  since          timestamptz not null default now(),
  cause          text not null default '',
  primary key (newsletter_id, subscriber_id)
);
create index subscriptions_subscriber on subscriptions (subscriber_id);

-- The proof of opt-in: when, where from, on what ground.
create table consents (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint not null references newsletters,
  subscriber_id  bigint not null references subscribers,
  given_at       timestamptz not null,
  ground         text not null,
  detail         text not null default ''
);
create index consents_subscriber on consents (subscriber_id);

-- Addresses never to be mailed, known or not as subscribers.
create table suppressions (
  address_key    text primary key,
  reason         text not null,
  detail         text not null default '',
  since          timestamptz not null default now()
);

create type edition_state as enum
  ('draft', 'in_review', 'approved', 'scheduled', 'sending', 'paused', 'sent', 'stopped', 'cancelled');

create table editions (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint not null references newsletters,
  number         int not null,
  state          edition_state not null default 'draft',
  slot_at        timestamptz,
  window_from    timestamptz not null,
  window_to      timestamptz not null,
  revision       int not null default 1,
  release_at     timestamptz,
  started_at     timestamptz,
  finished_at    timestamptz,
  created_at     timestamptz not null,
  unique (newsletter_id, number)
);
create index editions_release on editions (release_at) where state = 'scheduled';

create table edition_revisions (
  edition_id     bigint not null references editions,
  revision       int not null,
  content        jsonb not null,
  made_by        text not null,
  made_at        timestamptz not null,
  primary key (edition_id, revision)
);

-- Which pieces an edition runs: the memory that keeps a piece from running twice.
create table edition_pieces (
  edition_id     bigint not null references editions,
  newsletter_id  bigint not null references newsletters,
  piece_id       bigint not null references pieces,
  section        text not null,
  primary key (newsletter_id, piece_id)
);
create index edition_pieces_edition on edition_pieces (edition_id);

-- Why each piece is in or out.
create table edition_choices (
  edition_id     bigint not null references editions,
  piece_id       bigint not null references pieces,
  included       boolean not null,
  code           text not null,
  sentence       text not null,
  primary key (edition_id, piece_id)
);

-- One row decides that a slot is opened once, whoever asks and however often.
create table slots (
  newsletter_id  bigint not null references newsletters,
  slot_at        timestamptz not null,
  outcome        text not null check (outcome in ('opening', 'opened', 'too_little_news', 'missed')),
  edition_id     bigint references editions,
  opened_at      timestamptz not null,
  primary key (newsletter_id, slot_at)
);

create table approvals (
  id             bigint generated always as identity primary key,
  edition_id     bigint not null references editions,
  revision       int not null,
  hash           text not null,
  approved_by    text not null,
  approved_at    timestamptz not null,
  withdrawn_at   timestamptz
);
create unique index approvals_standing on approvals (edition_id) where withdrawn_at is null;

-- What was approved, to the byte: the pages and the stencil with its gaps.
create table renditions (
  edition_id     bigint not null references editions,
  hash           text not null,
  subject        text not null,
  -- With their gaps.
  html           jsonb not null,
  text           jsonb not null,
  stencil        jsonb not null,
  made_at        timestamptz not null,
  primary key (edition_id, hash)
);

-- The ledger. What goes to whom is planned once; every number shown anywhere is a sum over these rows.
create type delivery_state as enum
  ('planned', 'handing', 'accepted', 'deferred', 'refused', 'uncertain', 'withdrawn', 'expired');

create table deliveries (
  edition_id     bigint not null,
  batch          int not null,
  subscriber_id  bigint not null,
  address        text not null,
  -- As it was when the audience was frozen: a second try is the same mail.
  name           text not null,
  state          delivery_state not null default 'planned',
  attempts       smallint not null default 0,
  -- How often it was in doubt whether the mail had arrived, and it was sent again.
  doubts         smallint not null default 0,
  claim          bigint,
  lease_until    timestamptz,
  due_at         timestamptz,
  settled_at     timestamptz,
  hash           text,
  reason         text,
  primary key (edition_id, batch, subscriber_id)
) partition by list (edition_id);
create sequence delivery_claims;

create table audit_log (
  id             bigint generated always as identity primary key,
  at             timestamptz not null default now(),
  actor          text not null,
  act            text not null,
  subject        text not null,
  detail         jsonb not null default '{}'
);

-- The desk's one-time links and the sessions they open, until there are accounts; only hashes are kept.
create table desk_keys (
  hash           text primary key,
  kind           text not null check (kind in ('link', 'session')),
  target         text not null default '/',
  expires_at     timestamptz not null,
  used_at        timestamptz
);

-- Workers say that they are there, so that a send without any can say so.
create table worker_presence (
  id             text primary key,
  seen_at        timestamptz not null
);
