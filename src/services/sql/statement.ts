// What a statement is, as far as a shared connection must know: what it may do to it, and whether it only reads.
// Knows strings, quoted names and comments of SQLite; nothing of the grammar. The database itself has the last word.
// S1: what would reach past the database, or change the connection that others share, is refused before it is run.
import { PlatformError } from '../../core/errors.js';

export class SqlRefusedError extends PlatformError {
  override readonly name = 'SqlRefusedError';
  readonly code = 'SQL_REFUSED';
  override readonly kind = 'Invalid';
}

export interface InspectedSql {
  /** First word, upper case; '' when there is none. */
  readonly verb: string;
  /** The text without comments and semicolons after it. */
  readonly body: string;
  /** May stand in parentheses: reads, and its parentheses are its own. */
  readonly wrappable: boolean;
  /** Cannot run inside a transaction. */
  readonly alone: boolean;
  /** Changes the schema. */
  readonly schema: boolean;
}

/** Strings, quoted names, comments; words; punctuation that counts; space; anything else. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|([;().=])|(\s+)|[\s\S]/g;

const TRANSACTIONS = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE']);
const READS = new Set(['SELECT', 'VALUES', 'WITH']);
const SCHEMA = new Set(['CREATE', 'DROP', 'ALTER']);
/** Of these a program may not touch: they reach past the database, or past the program in the shared connection. */
const PRAGMAS = new Set([
  'BUSY_TIMEOUT',
  'DATA_STORE_DIRECTORY',
  'HARD_HEAP_LIMIT',
  'HEXKEY',
  'HEXREKEY',
  'JOURNAL_MODE',
  'KEY',
  'LOCKING_MODE',
  'QUERY_ONLY',
  'REKEY',
  'SOFT_HEAP_LIMIT',
  'TEMP_STORE_DIRECTORY',
  'TEXTKEY',
  'TRUSTED_SCHEMA',
  'WRITABLE_SCHEMA',
]);

interface Token {
  readonly kind: 'word' | 'mark' | 'other';
  /** Words in upper case. */
  readonly text: string;
  readonly end: number;
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const [text, word, mark, space] = match;
    if (space !== undefined || text.startsWith('--') || text.startsWith('/*')) continue;
    const end = match.index + text.length;
    if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase(), end });
    else tokens.push({ kind: mark === undefined ? 'other' : 'mark', text, end });
  }
  return tokens;
}

const isMark = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'mark' && token.text === text;

/** Throws SqlRefusedError. */
export function inspectSql(sql: string): InspectedSql {
  if (sql.includes('\0')) throw new SqlRefusedError('the SQL text holds a zero byte');
  const tokens = tokensOf(sql);
  while (isMark(tokens[0], ';')) tokens.shift();
  while (isMark(tokens.at(-1), ';')) tokens.pop();
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text);
  const verb = words[0] ?? '';
  refuse(verb, words, tokens);
  return {
    verb,
    body: sql.slice(0, tokens.at(-1)?.end ?? 0),
    wrappable: READS.has(verb) && tokens[0]?.text === verb && balanced(tokens),
    alone: verb === 'VACUUM' || verb === 'PRAGMA',
    schema: SCHEMA.has(verb),
  };
}

function refuse(verb: string, words: readonly string[], tokens: readonly Token[]): void {
  if (TRANSACTIONS.has(verb))
    throw new SqlRefusedError(
      `'${verb}' as a statement is refused: the connection is shared; use db:begin() and the methods of the transaction`,
    );
  if (verb === 'ATTACH' || verb === 'DETACH')
    throw new SqlRefusedError(`'${verb}' is refused; declare another db.sql.sqlite entry for the other file`);
  if (verb === 'VACUUM' && words.includes('INTO'))
    throw new SqlRefusedError("'VACUUM INTO' is refused: it writes a file outside the database");
  if (verb === 'PRAGMA') {
    const name = isMark(tokens[2], '.') ? tokens[3] : tokens[1];
    if (name?.kind !== 'word' || PRAGMAS.has(name.text))
      throw new SqlRefusedError(
        `this PRAGMA is refused: ${name?.kind === 'word' ? name.text.toLowerCase() : 'its name is not a plain word'}`,
      );
  }
  if (
    tokens.some(
      ({ text }, index) => /^["`[]?load_extension["`\]]?$/i.test(text) && isMark(tokens[index + 1], '('),
    )
  )
    throw new SqlRefusedError("'load_extension' is refused");
  const isTrigger = verb === 'CREATE' && words.slice(1, 4).includes('TRIGGER');
  if (isTrigger && words.at(-1) !== 'END')
    throw new SqlRefusedError('the SQL text holds several statements; run them one by one');
}

function balanced(tokens: readonly Token[]): boolean {
  let depth = 0;
  for (const token of tokens) {
    if (isMark(token, '(')) depth++;
    else if (isMark(token, ')') && --depth < 0) return false;
  }
  return depth === 0;
}

/** A name for a savepoint: letters, digits and `_`. */
export function checkSavepoint(name: string): string {
  if (!/^[A-Za-z0-9_]{1,64}$/.test(name))
    throw new SqlRefusedError(`invalid savepoint name '${name.slice(0, 80)}'; use letters, digits and '_'`);
  return `"${name}"`;
}
