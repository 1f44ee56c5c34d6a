// The app context: what components offer each other, typed by key, sealed before anything runs.
// A1: a key is written once; a second write throws at once.
// A2: after `seal` every write throws; reads go on.
import { PlatformError } from './errors.js';

/** A typed key. Two keys of one name are the same key. */
export interface ContextKey<T> {
  readonly name: string;
  readonly __type?: T;
}
export const contextKey = <T>(name: string): ContextKey<T> => ({ name });

export class AppContextError extends PlatformError {
  override readonly name = 'AppContextError';
  readonly code = 'APP_CONTEXT';
}

export class AppContext {
  readonly #values = new Map<string, unknown>();
  #sealed = false;

  set<T>(key: ContextKey<T>, value: T): void {
    if (this.#sealed)
      throw new AppContextError(
        `cannot set '${key.name}': the app context is sealed; set it in a component's load`,
      );
    if (this.#values.has(key.name))
      throw new AppContextError(`'${key.name}' is set twice; each key belongs to one component`);
    this.#values.set(key.name, value);
  }

  get<T>(key: ContextKey<T>): T {
    if (!this.#values.has(key.name))
      throw new AppContextError(`'${key.name}' is not set; depend on the component that offers it`);
    return this.#values.get(key.name) as T;
  }

  has(key: ContextKey<unknown>): boolean {
    return this.#values.has(key.name);
  }

  seal(): void {
    this.#sealed = true;
  }
}
