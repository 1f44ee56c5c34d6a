// V8's own collection of garbage, for hosts that know when much of it lies around. Host only.
// G1: V8 has `gc` in realms that are made while its flag is set. The flag is set only that long: V8 refuses the code that Node
//     and we keep while the flags are not those it was made with.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let users = 0;

/** Realms that are made until `make` has settled, in this thread or another one, have V8's `gc` on their global object. */
export async function withCollector<T>(make: () => Promise<T>): Promise<T> {
  if ((users += 1) === 1) setFlagsFromString('--expose-gc');
  try {
    return await make();
  } finally {
    if ((users -= 1) === 0) setFlagsFromString('--no-expose-gc');
  }
}

/** Collects all garbage of this thread. */
export function threadCollector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    if (users === 0) setFlagsFromString('--no-expose-gc');
  }
}
