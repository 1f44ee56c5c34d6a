// Diagnostics are values with a place; printing is elsewhere (cli). Sealed.

export interface Place {
  /** Path relative to the app's folder, with forward slashes. */
  readonly file: string;
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number;
  /** 1-based, in characters; 0 when the whole line is meant. */
  readonly column: number;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly place: Place;
  /** Lower case, value quoted. */
  readonly message: string;
  /** What to do, as an imperative: `did you mean 'function.lua'?`. */
  readonly fix?: string;
}

/** `file:line:col: message; fix` */
export function formatDiagnostic({ place, message, fix }: Diagnostic): string {
  const at = place.line > 0 ? `:${place.line}${place.column > 0 ? `:${place.column}` : ''}` : '';
  return `${place.file}${at}: ${message}${fix === undefined ? '' : `; ${fix}`}`;
}
