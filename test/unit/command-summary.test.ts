import { describe, expect, it } from 'vitest';
import { commandSummary } from '../../workflows/durable/summary.js';

describe('the summary of a command', () => {
  it('tells its fields, and hides what is a password or a secret whatever it holds', () => {
    expect(commandSummary({ type: 'sql.query', entry: 'app:db', sql: 'SELECT 1' })).toBe(
      'entry: app:db, sql: SELECT 1',
    );
    expect(
      commandSummary({ type: 'crypto.argon2_hash', password: 'hunter2', secret: 'pepper', memory: 64 }),
    ).toBe('password: [hidden], secret: [hidden], memory: 64');
  });
});
