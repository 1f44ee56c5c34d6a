// Tables of commands, for people.

/** Lines, columns as wide as their widest cell; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Columns by name, and what they show of a row. */
export type Columns<T> = readonly (readonly [name: string, cell: (row: T) => string])[];

export const table = <T>(shown: Columns<T>, rows: readonly T[]): string[] =>
  columns([shown.map(([name]) => name), ...rows.map((row) => shown.map(([, cell]) => cell(row)))]);
