// Reads one YAML file of the app.
import type { Diagnostic } from '../../core/diagnostics.js';
import { MAX_FILE_BYTES, type AppFiles, type FileProblem } from './app-files.js';
import { decodeText, wholeFile } from './text-file.js';
import { parseYaml, type YamlTree } from './yaml-tree.js';

export interface YamlFile {
  readonly tree?: YamlTree;
  /** The text, where the file could be read at all. */
  readonly text?: string;
  /** The file is not there: no diagnostics. */
  readonly missing?: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

const PROBLEMS: Readonly<Record<Exclude<FileProblem, 'missing'>, readonly [message: string, fix: string]>> = {
  outside: ['the file is a link that leads out of the app', 'copy the file into the app'],
  folder: ['a folder has the name of a file', 'rename it'],
  special: ['not a regular file', 'pipes and devices are not read; remove it'],
  'too-big': [`the file is bigger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`, 'split it'],
  'other-case': ['the name on disk differs in upper and lower case', 'write the name as the file has it'],
  unreadable: ['the file cannot be read', 'check its permissions'],
};

export async function readYaml(files: AppFiles, absolute: string): Promise<YamlFile> {
  const file = files.relative(absolute);
  const result = await files.read(absolute);
  if (!result.ok) {
    if (result.problem === 'missing') return { missing: true, diagnostics: [] };
    const [message, fix] = PROBLEMS[result.problem];
    return { diagnostics: [{ severity: 'error', place: wholeFile(file), message, fix }] };
  }
  const decoded = decodeText(result.bytes);
  if (!('text' in decoded)) {
    const place = { file, line: decoded.line, column: decoded.column };
    return {
      diagnostics: [{ severity: 'error', place, message: 'the file is not UTF-8', fix: 'save it as UTF-8' }],
    };
  }
  return { ...parseYaml(decoded.text, file), text: decoded.text };
}
