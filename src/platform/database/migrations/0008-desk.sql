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
