// A component: a part of a node that is loaded, started and stopped in an order that its dependencies give.
// The loader is core/components.ts.
import type { AppContext } from './app-context.js';

export interface Component {
  readonly name: string;
  readonly dependsOn: readonly string[];
  /** Prepares the component and puts what it offers into the app context. Components of one level load in parallel. */
  load?(app: AppContext): void | Promise<void>;
  start?(app: AppContext): void | Promise<void>;
  /** Called in exact reverse order of `start`, only for what was started. */
  stop?(app: AppContext): void | Promise<void>;
}

export function defineComponent(component: Component): Component {
  return Object.freeze(component);
}
