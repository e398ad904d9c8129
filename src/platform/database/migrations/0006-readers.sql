-- How readers come, what they want, and what proves that they wanted it.

-- Empty: the publication's.
alter table subscribers add column language text not null default '';

alter table subscriptions add column topics text[] not null default '{}';
-- Until then no edition is for them.
alter table subscriptions add column paused_until timestamptz;
-- At most one edition in so many days; 0: each.
alter table subscriptions add column every_days int not null default 0;

-- The form that was used, the words that stood beside it, and the network address that it came from, which is shortened later.
alter table consents add column form text not null default '';
alter table consents add column words text not null default '';
alter table consents add column address text not null default '';
alter table consents add column asked_at timestamptz;
create index consents_address on consents (given_at) where address <> '' and address not like '%/%';

-- Who has asked for newsletters and not confirmed it. `key` is a hash of the address; it is what is left, for a year, of who never
-- confirms, so that nobody is asked again and again.
create table sign_ups (
  id             bigint generated always as identity primary key,
  key            text not null unique,
  address        text not null,
  name           text not null default '',
  language       text not null default '',
  newsletter_ids bigint[] not null,
  topics         text[] not null default '{}',
  form           text not null,
  words          text not null,
  from_address   text not null,
  asked_at       timestamptz not null,
  expires_at     timestamptz not null,
  -- When a confirmation is to be mailed; null: not now.
  due_at         timestamptz,
  mails          int not null default 0,
  mailed_at      timestamptz
);
create index sign_ups_due on sign_ups (due_at) where due_at is not null;
create index sign_ups_expiry on sign_ups (expires_at);

-- Letters to readers, until a mail server has taken them.
create table letters (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint references newsletters,
  letter         text not null,
  address        text not null,
  language       text not null,
  about          jsonb not null,
  made_at        timestamptz not null,
  due_at         timestamptz not null,
  attempts       int not null default 0
);
create index letters_due on letters (due_at);

-- Who wants to be reached at another address, until it is confirmed from there.
create table address_changes (
  id             bigint generated always as identity primary key,
  subscriber_id  bigint not null references subscribers on delete cascade,
  address        text not null,
  expires_at     timestamptz not null
);
create index address_changes_expiry on address_changes (expires_at);
create index address_changes_subscriber on address_changes (subscriber_id);

-- Who was erased: what a worker still wrote down of them goes, too. Only the number is kept, and that for a while.
create table erasures (
  subscriber_id  bigint primary key,
  at             timestamptz not null
);

-- Addresses never to be mailed of which we have a hash alone (SHA-256 or MD5 of the address in lower case, in hex): lists of others,
-- and people who were erased.
create table suppressed_hashes (
  hash           text primary key,
  reason         text not null,
  detail         text not null default '',
  since          timestamptz not null default now()
);

-- Why somebody left, where they said so.
alter table subscriptions add column left_because text not null default '';

-- What was sent, as anybody may read it: without the links and the address of a reader.
create table archive (
  edition_id     bigint primary key references editions,
  newsletter_id  bigint not null references newsletters,
  number         int not null,
  sent_at        timestamptz not null,
  subject        text not null,
  preheader      text not null,
  html           text not null,
  text           text not null,
  -- The hash of a photograph of it, for the picture that is shown beside a link to it.
  photo          text,
  search         tsvector generated always as (to_tsvector('simple', subject || ' ' || preheader || ' ' || text)) stored
);
create index archive_page on archive (newsletter_id, sent_at desc, edition_id desc);
create index archive_search on archive using gin (search);

-- What an import brought, so that it can be undone; whatever a person does with it afterwards makes it their own.
alter table subscribers add column import_id bigint;
alter table subscriptions add column import_id bigint;
alter table consents add column import_id bigint;
alter table suppressions add column import_id bigint;
alter table imports add column state text not null default 'done' check (state in ('running', 'done', 'undone'));
-- What the file was called, what wrote it, and the hash of it: the same file goes on where it was interrupted.
alter table imports add column file text not null default '';
alter table imports add column format text not null default '';
alter table imports add column hash text not null default '';
alter table imports add column lines_done int not null default 0;
