// What the server answers itself: `{ "error": { "kind", "message" } }`. Nothing of a program's own errors is told.
import type { ErrorData } from '../../core/error-data.js';

export const errorBody = (kind: string, message: string): string =>
  JSON.stringify({ error: { kind, message } });

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** For a call that failed, by its kind: what can be tried again says so, everything else stays inside. */
export function answerOf(error: ErrorData): Answer {
  switch (error.kind) {
    case 'RateLimited':
    case 'Unavailable':
      return { status: 503, body: errorBody('Unavailable', 'the service cannot answer now') };
    case 'Timeout':
      return { status: 504, body: errorBody('Timeout', 'the answer took too long') };
    case 'NotFound':
    case 'AlreadyExists':
    case 'Invalid':
    case 'PermissionDenied':
    case 'Internal':
    case 'Canceled':
    case 'Conflict':
    case 'Unknown':
      return { status: 500, body: errorBody('Internal', 'internal error') };
  }
}
