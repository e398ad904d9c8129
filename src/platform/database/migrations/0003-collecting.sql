-- Sources of every kind, how they are, and what was learnt of their address.
alter table sources
  add column kind text not null default 'feed' check (kind in ('feed', 'wordpress', 'ghost', 'sitemap', 'page')),
  -- An API key, encrypted with the installation's signing key.
  add column secret text,
  -- May article pages be read for what the source leaves out?
  add column completes boolean not null default true,
  -- A server that asked for patience is left alone until then.
  add column wait_until timestamptz,
  add column failing_since timestamptz,
  add column paused_at timestamptz,
  -- What the editors were last told of it: 'failing', 'silent', or null where it is well.
  add column told text;

alter table pieces
  drop column content_hash,
  -- Counts up with each change that readers would see; an edition remembers which one it was composed from.
  add column version int not null default 1,
  add column embargo_until timestamptz,
  -- Since when its page is gone, and since when it is retracted.
  add column gone_at timestamptz,
  add column retracted_at timestamptz,
  add column correction text not null default '',
  -- How far its article page was read for what the source left out.
  add column lacks text[] not null default '{}',
  add column completed_at timestamptz,
  add column completion_tries int not null default 0,
  add column page_checked_at timestamptz,
  -- Taken for the same story as another one, which stands for both.
  add column same_as bigint references pieces,
  -- What its text is like: see src/pieces/likeness.ts.
  add column signature int[] not null default '{}';
create index pieces_embargo on pieces (embargo_until) where embargo_until is not null;
create index pieces_first_seen on pieces (first_seen_at);
create index pieces_source_seen on pieces (source_id, first_seen_at);
create index pieces_incomplete on pieces (published_at desc) where completed_at is null and lacks <> '{}';
create index pieces_same_as on pieces (same_as) where same_as is not null;

-- Where pieces that may be alike meet: a key for each stretch of a text and each run of words of a headline.
create table piece_keys (
  key            int not null,
  piece_id       bigint not null references pieces on delete cascade,
  published_at   timestamptz not null,
  primary key (key, piece_id)
);
create index piece_keys_piece on piece_keys (piece_id);

-- Every source that has brought a piece; the one that is named in its row says what it is like.
create table piece_sources (
  source_id      bigint not null references sources,
  piece_id       bigint not null references pieces on delete cascade,
  primary key (source_id, piece_id)
);
create index piece_sources_piece on piece_sources (piece_id);
insert into piece_sources (source_id, piece_id) select source_id, id from pieces;

-- Every address under which a piece is known: where it was, where it is, where others ran it.
create table piece_addresses (
  url_key        text primary key,
  piece_id       bigint not null references pieces on delete cascade,
  url            text not null,
  since          timestamptz not null
);
create index piece_addresses_piece on piece_addresses (piece_id);
insert into piece_addresses (url_key, piece_id, url, since) select url_key, id, url, first_seen_at from pieces;

-- Ids that sources give their pieces: the same id at another address is the same piece, moved.
create table piece_guids (
  source_id      bigint not null references sources,
  guid           text not null,
  piece_id       bigint not null references pieces on delete cascade,
  primary key (source_id, guid)
);
insert into piece_guids (source_id, guid, piece_id)
  select distinct on (source_id, guid) source_id, guid, id from pieces where guid is not null order by source_id, guid, id;

-- What became of a piece since it was first seen.
create table piece_history (
  id             bigint generated always as identity primary key,
  piece_id       bigint not null references pieces on delete cascade,
  version        int not null,
  at             timestamptz not null,
  change         text not null,
  before         text not null default '',
  after          text not null default ''
);
create index piece_history_piece on piece_history (piece_id, id);

-- Pieces that look like one story; a person says whether they are.
create table piece_likeness (
  piece_id       bigint not null references pieces on delete cascade,
  other_id       bigint not null references pieces on delete cascade,
  score          real not null,
  reason         text not null,
  verdict        text check (verdict in ('same', 'different')),
  decided_by     text,
  decided_at     timestamptz,
  found_at       timestamptz not null,
  primary key (piece_id, other_id),
  check (piece_id < other_id)
);
create index piece_likeness_other on piece_likeness (other_id);

-- What editors have said of a piece for a newsletter's editions to come.
create table piece_marks (
  newsletter_id  bigint not null references newsletters,
  piece_id       bigint not null references pieces on delete cascade,
  mark           text not null check (mark in ('hold', 'never', 'pin')),
  -- hold: the number of the edition that it is held out of.
  edition_number int,
  -- pin: into which section; null is whichever takes it.
  section        text,
  made_by        text not null,
  made_at        timestamptz not null,
  primary key (newsletter_id, piece_id)
);

-- What the composer last proposed, to tell what an editor changed since; and what an editor made of its choices.
alter table editions
  add column proposal jsonb,
  add column reminded_at timestamptz,
  -- When its slot passed and was dealt with.
  add column missed_at timestamptz;
update editions set missed_at = now(), reminded_at = now() where slot_at < now();
alter table edition_choices
  add column overridden text check (overridden in ('dropped', 'added', 'moved')),
  add column overridden_by text,
  add column overridden_at timestamptz;
alter table edition_revisions add column change text not null default '';

-- Images as mails show them, by the hash of their bytes.
create table media (
  hash           text primary key,
  type           text not null,
  width          int not null,
  height         int not null,
  bytes          bytea not null,
  made_at        timestamptz not null
);
-- Which address, cut to which size, gave which image; or why it gave none.
create table media_sources (
  url_key        text not null,
  size           text not null,
  hash           text references media,
  problem        text,
  tried_at       timestamptz not null,
  primary key (url_key, size)
);
