// The templates of a set by their names, with what they extend and import. Strings are bytes. Sealed.
// T1: a name is a path: relative to the template that says it, `/` in front or not at the top, with or without an extension.
// T2: a template is parsed once, as long as its text and the delimiters stay.
import type { DataObject } from '../../core/data.js';
import { didYouMean } from '../../core/nearest.js';
import { RenderError, TemplateError, TemplateSyntaxError } from './errors.js';
import type { Delimiters } from './lexer.js';
import { parseTemplate } from './parser.js';
import { render } from './render.js';
import type { Linked, LinkedBlock } from './render.js';
import type { Template } from './tree.js';

export interface TemplateText {
  readonly name: string;
  readonly source: string;
}

export interface TemplateSetOptions {
  readonly delimiters: Delimiters;
  /** With their points. */
  readonly extensions: readonly string[];
  readonly globals: Readonly<DataObject>;
  /** Parses each template anew for each rendering. */
  readonly forgets: boolean;
}

export const USUAL_EXTENSIONS: readonly string[] = ['.jet', '.html.jet', '.jet.html'];
/** Templates that extend one another. */
const MOST_PARENTS = 32;

export class TemplateSet {
  readonly #options: TemplateSetOptions;
  readonly #texts: ReadonlyMap<string, TemplateText>;
  readonly #linked = new Map<string, Linked>();

  constructor(texts: readonly TemplateText[], options: TemplateSetOptions) {
    this.#options = options;
    this.#texts = new Map(texts.map((text) => [normal(text.name), text]));
  }

  /** Throws a TemplateError. */
  render(name: string, variables: Readonly<DataObject>): string {
    try {
      if (this.#options.forgets) this.#linked.clear();
      const found = this.#find(name, '');
      if (found === undefined)
        throw new TemplateError(
          'NotFound',
          `there is no template '${name}' in the set${didYouMean(name, [...this.#texts.keys()])}`,
        );
      const { globals } = this.#options;
      return render(found, variables, { globals, find: (other, from) => this.#find(other, from) });
    } catch (error) {
      if (error instanceof RenderError) throw new TemplateError('Internal', error.told, { cause: error });
      if (error instanceof RangeError)
        throw new TemplateError('Internal', `'${name}' is nested too deeply to be rendered`, {
          cause: error,
        });
      throw error;
    }
  }

  #find(name: string, from: string): Linked | undefined {
    const path = resolve(name, from);
    for (const candidate of this.#candidates(path)) {
      const text = this.#texts.get(candidate);
      if (text !== undefined) return this.#link(candidate, text, []);
    }
    return undefined;
  }

  #candidates(path: string): readonly string[] {
    const { extensions } = this.#options;
    const bare = extensions
      .filter((extension) => path.endsWith(extension))
      .map((extension) => path.slice(0, -extension.length));
    return [path, ...extensions.map((extension) => path + extension), ...bare];
  }

  #link(key: string, text: TemplateText, children: readonly string[]): Linked {
    const known = this.#linked.get(key);
    if (known !== undefined) return known;
    if (children.includes(key) || children.length > MOST_PARENTS)
      throw new RenderError(`'${key}' extends or imports itself: ${[...children, key].join(' -> ')}`);
    const template = this.#parse(text);
    const path = [...children, key];
    const other = ({ name, at }: NonNullable<Template['extends']>): Linked => {
      for (const candidate of this.#candidates(resolve(name, key))) {
        const found = this.#texts.get(candidate);
        if (found !== undefined) return this.#link(candidate, found, path);
      }
      const error = new RenderError(`there is no template '${name}' in the set`);
      error.place = `${key}:${template.source.slice(0, at).split('\n').length}`;
      throw error;
    };
    const parent = template.extends === undefined ? undefined : other(template.extends);
    const blocks = new Map<string, LinkedBlock>(parent?.blocks);
    const place = { name: key, source: text.source };
    for (const one of template.imports)
      for (const [name, block] of other(one).blocks) blocks.set(name, block);
    for (const [name, block] of template.blocks) blocks.set(name, { block, in: place });
    const linked: Linked = { root: parent?.root ?? { ...place, body: template.body }, blocks };
    this.#linked.set(key, linked);
    return linked;
  }

  #parse({ name, source }: TemplateText): Template {
    try {
      return parseTemplate(source, this.#options.delimiters);
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      const wrong = new RenderError(error.problem);
      wrong.place = `${name}:${error.line}:${error.column}`;
      throw wrong;
    }
  }
}

/** Without `.`, `..`, doubled and leading slashes. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts.join('/');
}

const resolve = (name: string, from: string): string =>
  normal(name.startsWith('/') ? name : `${from.slice(0, from.lastIndexOf('/') + 1)}${name}`);
