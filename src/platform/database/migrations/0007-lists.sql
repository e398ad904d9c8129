-- What somebody is known by beside name and language, as columns of a list had it; text by name.
alter table subscribers add column attributes jsonb not null default '{}';

-- A list is read into a table of its own (import_N_people), looked at, and taken in from there, `place` by `place`, by whoever holds it.
alter table imports drop constraint imports_state_check;
alter table imports add constraint imports_state_check check (state in ('reading', 'ready', 'running', 'failed', 'done', 'undone'));
alter table imports drop column lines_done;
alter table imports add column people int not null default 0;
alter table imports add column place int not null default 0;
alter table imports add column tries int not null default 0;
alter table imports add column problem text not null default '';
-- What somebody who sees some newsletters only imports changes nothing beyond them.
alter table imports add column whole_house boolean not null default true;
alter table imports add column holder text not null default '';
alter table imports add column held_until timestamptz not null default '-infinity';
update imports set state = 'undone' where state = 'running';
-- Numbers of lines are kept, addresses are not.
update imports set report = report - 'samples' - 'problems';
create index imports_running on imports (id) where state = 'running';
create index imports_unfinished on imports (made_at) where state in ('reading', 'ready');

-- A row that points to others costs a look at each of them, which was half of what an import cost. No newsletter is ever deleted;
-- whoever deletes a subscriber deletes the consents first (subscribers/erase.ts, import/runs.ts).
alter table subscriptions drop constraint subscriptions_newsletter_id_fkey;
alter table consents drop constraint consents_newsletter_id_fkey;
alter table consents drop constraint consents_subscriber_id_fkey;

-- Parts of a newsletter's readers, by a filter that is read when it is asked.
create table segments (
  id             bigint generated always as identity primary key,
  newsletter_id  bigint not null references newsletters,
  name           text not null,
  filter         text not null,
  made_by        text not null,
  changed_at     timestamptz not null
);
create unique index segments_name on segments (newsletter_id, lower(name));

-- Mail that came back to us, as it came, for three months; what was done about it, where anything was.
create table incoming_mails (
  id             bigint generated always as identity primary key,
  hash           text not null unique,
  received_at    timestamptz not null,
  mail_from      text not null,
  rcpt_to        text[] not null,
  message        bytea,
  done           text not null default ''
);
create index incoming_mails_age on incoming_mails (received_at);
