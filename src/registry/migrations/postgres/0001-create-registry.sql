-- The registry: a chain of versions, what each changed, the entries of the newest, and programs and files by their hash.
-- Bodies are JSON as core/wire.ts writes it; `json` keeps it to the letter. A parent of 0 is the empty registry.
-- To look at changes: select * from readable_changes where version = 7;

create table versions (
  number  integer primary key check (number > 0),
  parent  integer not null unique,              -- unique: the chain never forks
  hash    text not null,                        -- of the state, chained to the parent's
  state   text not null,                        -- root of the Merkle tree over the entries
  comment text not null,
  author  text not null,
  via     text not null,                        -- start, cli, file watch, lua <entry>
  key     text unique,                          -- names the effect that the version is
  time    timestamptz not null,
  check (number = parent + 1)
);

create table changes (
  version        integer not null references versions (number),
  position       integer not null,              -- order in which they are applied, from 0
  operation      text not null check (operation in ('create', 'update', 'delete')),
  entry          text not null,
  body_before    json check ((body_before is null) = (operation = 'create')),
  body_after     json check ((body_after is null) = (operation = 'delete')),
  program_before text,
  program_after  text,
  origin_before  text,                          -- null: the app's folder
  origin_after   text,
  primary key (version, position)
);

create index changes_by_entry on changes (entry, version);

create table entries (
  id      text collate "C" primary key,
  body    json not null,                        -- {"kind":..., "meta":..., "data":...}
  program text,                                 -- hash of the program that the entry stands for
  origin  text,                                 -- null: the app's folder; 'runtime': made while the app ran
  leaf    text not null,                        -- the entry's hash in the Merkle tree
  version integer not null                      -- that last changed it
);

create table programs (
  hash    text primary key,
  entry   text not null,
  body    json not null,
  version integer not null                      -- that brought it
);

create table files (
  hash    text primary key,                     -- SHA-256 of the bytes
  bytes   bytea not null,
  version integer not null                      -- that brought it
);

create table registry (
  one boolean primary key default true check (one),
  id  text not null,                            -- of this registry, whatever its place
  app text                                      -- whose it is; null where nobody said
);

-- A changeset for people: the source with its line ends, the rest as JSON.
create view readable_changes as
  select c.version, v.time, v.author, v.via, v.comment, c.operation, c.entry,
         coalesce(c.body_after, c.body_before) ->> 'kind' as kind,
         case when c.body_before::text not like '%\\u0000%' then c.body_before #>> '{data,source}' end as source_before,
         case when c.body_after::text not like '%\\u0000%' then c.body_after #>> '{data,source}' end as source_after,
         c.body_before, c.body_after
    from changes c join versions v on v.number = c.version
   order by c.version, c.position;
