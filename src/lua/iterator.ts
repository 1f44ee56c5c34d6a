// What a generic `for` goes on with, for modules that give their values one after the other. Sealed.
import type { HostCall } from './instance-context.js';
import { defineType } from './module.js';
import type { HostResult, LuaUserdata } from './values.js';

class Iterator {
  readonly next: (call: HostCall) => HostResult;
  constructor(next: (call: HostCall) => HostResult) {
    this.next = next;
  }
}

/** The maker of a module's iterators; `next` gives the values of one pass, or nil at the end. */
export function iterators(name: string): (next: (call: HostCall) => HostResult) => LuaUserdata {
  const type = defineType<Iterator>(name, 'What a loop goes on with.', [], {
    call: (call, self) => self.next(call),
  });
  return (next) => type.wrap(new Iterator(next));
}
