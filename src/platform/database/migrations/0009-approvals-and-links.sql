-- When somebody last looked where the links of an edition lead.
alter table editions add column links_at timestamptz;

-- Why an approval does not stand any more.
alter table approvals add column withdrawn_for text not null default '';

-- Kept figures have more to say than those of before: they are counted anew.
delete from counts;
