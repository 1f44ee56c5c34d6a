-- How a version came to be, effects that are stored once, where entries come from, embedded files, and whose registry this is.
-- Entries and programs no longer refer to versions, so that old versions can be pruned.

alter table versions add column via text not null default '';   -- start, cli, file watch, lua <entry>
alter table versions add column key text;                       -- names the effect that the version is
create unique index versions_by_key on versions (key) where key is not null;

alter table changes add column origin_before text;              -- null: the app's folder
alter table changes add column origin_after text;

create table entries_new (
  id      text primary key,
  body    text not null,                        -- {"kind":..., "meta":..., "data":...}
  program text,                                 -- hash of the program that the entry stands for
  origin  text,                                 -- null: the app's folder; 'runtime': made while the app ran
  leaf    text not null,                        -- the entry's hash in the Merkle tree
  version integer not null                      -- that last changed it
) strict;
insert into entries_new (id, body, program, leaf, version) select id, body, program, leaf, version from entries;
drop table entries;
alter table entries_new rename to entries;

create table programs_new (
  hash    text primary key,
  entry   text not null,
  body    text not null,
  version integer not null                      -- that brought it
) strict;
insert into programs_new (hash, entry, body, version) select hash, entry, body, version from programs;
drop table programs;
alter table programs_new rename to programs;

create table files (
  hash    text primary key,                     -- SHA-256 of the bytes
  bytes   blob not null,
  version integer not null                      -- that brought it
) strict;

create table registry (
  one  integer primary key check (one = 1),
  id   text not null,                           -- of this registry, whatever its place
  app  text,                                    -- whose it is; null where nobody said
  host text                                     -- the machine that opened it last
) strict;
