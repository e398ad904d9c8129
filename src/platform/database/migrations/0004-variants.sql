-- An approved edition without the pieces that some readers have had from another newsletter: one for each set of readers, not
-- for each reader. Which batch gets which stands with the batch; 0 is the whole edition.
create table edition_variants (
  edition_id     bigint not null references editions,
  -- The approval's, which binds its variants too.
  hash           text not null,
  variant        int not null check (variant > 0),
  spares         bigint[] not null,
  subject        text not null,
  html           jsonb not null,
  text           jsonb not null,
  stencil        jsonb not null,
  primary key (edition_id, hash, variant)
);
-- Whom it goes to: those who have had these other editions, as bits in the order of `others`.
alter table approvals add column others bigint[] not null default '{}';
alter table approvals add column variant_of jsonb not null default '{}';
alter table batches add column variant int not null default 0;
