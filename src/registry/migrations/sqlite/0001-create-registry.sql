-- The registry: a chain of versions, what each changed, the entries of the newest, and programs by their hash.
-- Bodies are JSON as core/wire.ts writes it. A parent of 0 is the empty registry.

create table versions (
  number  integer primary key check (number > 0),
  parent  integer not null unique,              -- unique: the chain never forks
  hash    text not null,                        -- of the state, chained to the parent's
  state   text not null,                        -- root of the Merkle tree over the entries
  comment text not null,
  author  text not null,
  time    text not null                         -- ISO 8601, UTC
) strict;

create table changes (
  version        integer not null references versions (number),
  position       integer not null,              -- order in which they are applied, from 0
  operation      text not null check (operation in ('create', 'update', 'delete')),
  entry          text not null,
  body_before    text check ((body_before is null) = (operation = 'create')),
  body_after     text check ((body_after is null) = (operation = 'delete')),
  program_before text,
  program_after  text,
  primary key (version, position)
) strict, without rowid;

create index changes_by_entry on changes (entry, version);

create table entries (
  id      text primary key,
  body    text not null,                        -- {"kind":..., "meta":..., "data":...}
  program text,                                 -- hash of the program that the entry stands for
  leaf    text not null,                        -- the entry's hash in the Merkle tree
  version integer not null references versions (number) -- that last changed it
) strict;

create table programs (
  hash    text primary key,
  entry   text not null,
  body    text not null,
  version integer not null references versions (number) -- that brought it
) strict;
