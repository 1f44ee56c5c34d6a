// Takes back what realm.ts lent for loading fengari. Sealed.
import { lent } from './realm.js';

for (const name of lent.splice(0)) Reflect.deleteProperty(globalThis, name);
