// Commands of the `temporal` CLI as messages give them to people: whole, for the server that is meant. Host only.

/** Which server a command is for; a TemporalConnection is one. */
export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
}

/** One line for a shell, whatever stands in the words. */
export function temporalCommand({ address, namespace }: TemporalPlace, ...words: readonly string[]): string {
  return ['temporal', ...words, '--address', address, '--namespace', namespace].map(shellWord).join(' ');
}

/** A word as a shell reads it back. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Begins a run again, on the newest program. */
export const resetCommand = (place: TemporalPlace, workflowId: string, reason: string): string =>
  temporalCommand(
    place,
    'workflow',
    'reset',
    ...['--workflow-id', workflowId, '--type', 'FirstWorkflowTask', '--reason', reason],
  );
