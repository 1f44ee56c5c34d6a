// Placeholders in the fields of entries: `${env:NAME}`, `${env:NAME|default}`, `${NAME|default}`; `$${` is a plain `${`.
// P1: NAME is a declared variable, by its public name or entry id; never the environment of the process by itself.
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';

class PlaceholderError extends PlatformError {
  override readonly name = 'PlaceholderError';
  readonly code = 'PLACEHOLDER_UNSET';
  override readonly kind = 'NotFound';
  override readonly exitCode: ExitCode = 2;
  constructor(name: string) {
    super(
      `the variable '${name}' has no value; set it, give its env.variable a default, or write \${env:${name}|default}`,
    );
  }
}

const PLACEHOLDER = /\$\$\{|\$\{(?:env:([^}|]+)(?:\|([^}]*))?|([A-Z0-9_]+)\|([^}]*))\}/g;

/** `valueOf` gives a variable's value with its own default; it comes before the placeholder's. */
export function fillPlaceholders(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replace(
    PLACEHOLDER,
    (whole, long?: string, longDefault?: string, short?: string, shortDefault?: string) => {
      if (whole === '$${') return '${';
      const name = (long ?? short ?? '').trim();
      const value = valueOf(name) ?? longDefault ?? shortDefault;
      if (value === undefined) throw new PlaceholderError(name);
      return value;
    },
  );
}
