// template.set and template.jet: the texts of templates to a set that renders. A change of a template is seen at the next rendering.
import type { DataObject } from '../../core/data.js';
import { mapIn } from '../../core/data-values.js';
import { textDataToBytes, toBytes } from '../../core/text.js';
import { TemplateSyntaxError } from '../../modules/templates/errors.js';
import type { TemplateRenderer } from '../../modules/templates/host.js';
import { USUAL_DELIMITERS } from '../../modules/templates/lexer.js';
import type { Delimiters } from '../../modules/templates/lexer.js';
import { parseTemplate } from '../../modules/templates/parser.js';
import { TemplateSet, USUAL_EXTENSIONS } from '../../modules/templates/template-set.js';
import { templateJet, templateSet } from '../../registry/kinds/index.js';
import type { Entry } from '../../registry/model/entry.js';
import { resolveReference } from '../../registry/model/ids.js';
import { defineKind } from '../../registry/model/kind.js';
import type { KindHost, KindSpec, SourceProblem } from '../../registry/model/kind.js';

const namespaceOf = (id: string): string => id.slice(0, id.indexOf(':'));

export function delimitersOf(set: Entry | undefined): Delimiters {
  const given = mapIn(mapIn(set?.data['engine'])['delimiters']);
  const of = (field: string, usual: string): string => {
    const value = given[field];
    return typeof value === 'string' && value !== '' ? toBytes(value) : usual;
  };
  return {
    left: of('left', USUAL_DELIMITERS.left),
    right: of('right', USUAL_DELIMITERS.right),
    commentLeft: of('comment_left', USUAL_DELIMITERS.commentLeft),
    commentRight: of('comment_right', USUAL_DELIMITERS.commentRight),
  };
}

/** The id of the set that a template says it is of. */
function setOf(template: Entry): string | undefined {
  const { set } = template.data;
  return typeof set === 'string' ? resolveReference(set, namespaceOf(template.id)) : undefined;
}

/** The name by which other templates know it. */
function nameOf({ id, meta }: Entry): string {
  const { name } = meta;
  return typeof name === 'string' && name !== '' ? name : id.slice(id.indexOf(':') + 1);
}

class OpenSet implements TemplateRenderer, AsyncDisposable {
  readonly #set: Entry;
  readonly #host: KindHost;
  /** All templates of the version of the registry that `#current` was made of. */
  #templates: readonly Entry[] | undefined;
  #current: TemplateSet | undefined;

  constructor(set: Entry, host: KindHost) {
    this.#set = set;
    this.#host = host;
  }

  render(name: string, variables: Readonly<DataObject>): string {
    const templates = this.#host.ofKind('template.jet');
    if (this.#current === undefined || templates !== this.#templates) {
      this.#current = this.#make(templates);
      this.#templates = templates;
    }
    return this.#current.render(name, variables);
  }

  #make(templates: readonly Entry[]): TemplateSet {
    const engine = mapIn(this.#set.data['engine']);
    const { extensions, globals } = engine;
    const own = new Map<string, Entry>();
    for (const template of templates.filter((one) => setOf(one) === this.#set.id)) {
      const first = own.get(nameOf(template));
      if (first === undefined) own.set(nameOf(template), template);
      else
        this.#host.log('warn', 'two templates of a set have one name; the first is taken', {
          set: this.#set.id,
          name: nameOf(template),
          first: first.id,
          second: template.id,
        });
    }
    const texts = [...own].map(([name, { data }]) => ({
      name: toBytes(name),
      source: toBytes(typeof data['source'] === 'string' ? data['source'] : ''),
    }));
    return new TemplateSet(texts, {
      delimiters: delimitersOf(this.#set),
      extensions: Array.isArray(extensions)
        ? extensions.filter((one): one is string => typeof one === 'string').map(toBytes)
        : USUAL_EXTENSIONS,
      globals: mapIn(globals === undefined ? undefined : textDataToBytes(globals)),
      forgets: engine['development_mode'] === true,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing but memory.
  }
}

/** What is wrong with the text of a template, by the delimiters of its set. */
function problemsOf(template: Entry, find: (id: string) => Entry | undefined): readonly SourceProblem[] {
  const { source } = template.data;
  if (typeof source !== 'string') return [];
  const id = setOf(template);
  try {
    parseTemplate(toBytes(source), delimitersOf(id === undefined ? undefined : find(id)));
    return [];
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const { line, column, problem } = error;
    return [{ field: 'source', line, column, message: problem }];
  }
}

export const templateKinds: readonly KindSpec[] = [
  defineKind({ ...templateSet, open: async (entry, host) => new OpenSet(entry, host) }),
  defineKind({ ...templateJet, checkSources: problemsOf }),
];
