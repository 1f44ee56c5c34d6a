// Looks over SQL text for what drivers do in silence: a second statement that is never run, a parameter that is never bound.
// Knows strings, quoted names and comments of SQLite; nothing of the grammar.

export interface SqlScan {
  /** More than one statement; always false for CREATE TRIGGER, whose body holds several. */
  readonly several: boolean;
  /** Nothing but white space and comments. */
  readonly empty: boolean;
  /** How many values an array of parameters needs. */
  readonly parameterCount: number;
  /** Names of parameters, without their prefix, in order. */
  readonly names: readonly string[];
  /** Whether some parameter has no name. */
  readonly unnamed: boolean;
}

/** Strings, quoted names, comments; parameters; words; a semicolon; anything else. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(\?\d*)|([:@$][A-Za-z_\d$]+)|([A-Za-z_][\w$]*)|(;)|(\s+)|[\s\S]/g;

export function scanSql(sql: string): SqlScan {
  const names: string[] = [];
  const words: string[] = [];
  let highest = 0;
  let unnamed = false;
  let ended = false;
  let several = false;
  let empty = true;
  for (const { 0: token, 1: mark, 2: name, 3: word, 4: end, 5: space } of sql.matchAll(TOKEN)) {
    if (space !== undefined || token.startsWith('--') || token.startsWith('/*')) continue;
    if (end !== undefined) {
      ended = !empty;
      continue;
    }
    if (ended) several = true;
    empty = false;
    if (word !== undefined && words.length < 4) words.push(word.toUpperCase());
    if (mark !== undefined) {
      unnamed = true;
      highest = mark === '?' ? highest + 1 : Math.max(highest, Number(mark.slice(1)));
    } else if (name !== undefined && !names.includes(name.slice(1))) {
      names.push(name.slice(1));
      highest++;
    }
  }
  const trigger = words[0] === 'CREATE' && words.slice(1).includes('TRIGGER');
  return { several: several && !trigger, empty, parameterCount: highest, names, unnamed };
}
