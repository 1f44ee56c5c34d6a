// The kinds of databases that are built.
import type { KindSpec } from '../../registry/model/kind.js';
import { sqliteKind } from './sqlite-kind.js';

export const sqlKinds: readonly KindSpec[] = [sqliteKind];
