-- When somebody last looked where the links of an edition lead.
alter table editions add column links_at timestamptz;
