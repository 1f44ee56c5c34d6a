// The table from command type to its handler on this node.
// P1: a type has one handler; a second one stops the start and names both owners.
// P2: nothing is added after `freeze`, and nothing is dispatched before it.
import type { Command } from '../core/command.js';
import type { Data } from '../core/data.js';
import type { CommandContext, HostHandler, HostHandlers } from '../core/handler.js';
import { CommandUnknownError, DispatcherError } from './errors.js';

export class Dispatcher {
  readonly #handlers = new Map<string, { readonly owner: string; readonly handle: HostHandler }>();
  #frozen = false;

  /** `owner` names the module in errors. */
  add(owner: string, handlers: HostHandlers): void {
    for (const [type, handle] of Object.entries(handlers)) {
      if (this.#frozen)
        throw new DispatcherError(
          `'${owner}' adds '${type}' to a running node; add it in a component's load`,
        );
      const other = this.#handlers.get(type);
      if (other !== undefined)
        throw new DispatcherError(
          `'${owner}' and '${other.owner}' both answer '${type}'; remove one of them`,
        );
      this.#handlers.set(type, { owner, handle });
    }
  }

  freeze(): void {
    this.#frozen = true;
  }

  has(type: string): boolean {
    return this.#handlers.has(type);
  }

  types(): readonly string[] {
    return [...this.#handlers.keys()].sort();
  }

  dispatch(command: Command, context: CommandContext): Data | Promise<Data> {
    if (!this.#frozen) throw new DispatcherError(`'${command.type}' came before the node was ready`);
    const found = this.#handlers.get(command.type);
    if (found === undefined) throw new CommandUnknownError(command.type);
    return found.handle(command, context);
  }
}
