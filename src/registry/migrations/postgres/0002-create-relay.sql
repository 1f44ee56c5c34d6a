-- The relay: which nodes of the app are up, what they send to each other, and what of the cluster belongs to whom.
-- What belongs to a node's life goes with its row.

create table nodes (
  name    text primary key,                     -- as PIDs have it
  life    text not null unique,                 -- one run of the node's process
  beat    bigint not null,                      -- grows as long as the node is alive
  backend integer,                              -- of the connection that the node listens on; null: it has none
  joined  bigint generated always as identity   -- the order in which they came
);

-- Batches that are on their way. Unlogged: after a crash of the server they are gone, and their senders are told so.
create unlogged table packets (
  target text   not null,                       -- life of the node it is for
  source text   not null,                       -- life of the node that sent it
  number bigint not null,                       -- counts the batches from one life to another
  sender text   not null,                       -- name of the node that sent it
  body   text   not null,                       -- JSON as core/wire.ts writes it
  primary key (target, source, number)
);

-- Names of processes. Consistent and strong names are one plane: a name is one process's, whichever of the two it was given with.
create table names (
  plane text    not null check (plane in ('eventual', 'consistent')),
  name  bytea   not null,
  pid   text    not null,
  life  text    not null references nodes (life) on delete cascade,
  ready boolean not null,                       -- false: not all nodes have agreed to a strong name yet
  primary key (plane, name)
);
create index names_of_a_life on names (life);

create table locks (
  name bytea primary key,
  pid  text not null,
  life text not null references nodes (life) on delete cascade
);
create index locks_of_a_life on locks (life);
