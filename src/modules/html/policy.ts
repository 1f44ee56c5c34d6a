// What a policy lets through, and the cleaning by it (sanitize-html does the parsing and the writing). Sealed.
// P1: what is not allowed by name is removed, its text stays; of elements that hold no text for people the text goes too.
// P2: `script`, `style` and what hides markup from a parser (NEVER) are never let through, whatever a policy allows.
// P3: a URL with a scheme that is not allowed is removed, whatever hides it: spaces, control characters, entities.
// P4: at each tag the parser goes through all elements that are open, so whatever is nested by thousands is charged for its depth.
import { sanitizeHtml } from '../../core/heavy-libraries.cjs';
import type { Pattern } from '../../core/regular-expressions.js';

/** Attributes whose value is a URL. */
const URL_ATTRIBUTES = [
  'action',
  'background',
  'cite',
  'data',
  'formaction',
  'href',
  'longdesc',
  'poster',
  'src',
  'usemap',
  'xlink:href',
];
const WITHOUT_TEXT = [
  'script',
  'style',
  'noscript',
  'iframe',
  'frame',
  'frameset',
  'noembed',
  'noframes',
  'object',
  'template',
  'textarea',
  'option',
  'xmp',
  'plaintext',
];
/** Elements whose content browsers read by other rules than the parser here, so that cleaned text could become markup again. */
const NEVER = new Set([
  'script',
  'style',
  'noscript',
  'noembed',
  'noframes',
  'xmp',
  'plaintext',
  'template',
  'svg',
  'math',
]);
const LINKS = new Set(['a', 'area', 'link']);
export const STANDARD_SCHEMES: readonly string[] = ['http', 'https', 'mailto'];

/** What a tag costs for each so many elements that are open. Instructions. */
const DEPTH_COST = 100;
const DEPTH_STEP = 1000;

interface Permission {
  readonly name: string;
  /** Undefined: on every element that is allowed. */
  readonly element: string | undefined;
  readonly pattern: Pattern | undefined;
}

export class Policy {
  readonly elements = new Set<string>();
  readonly #permissions: Permission[] = [];
  /** Undefined: those of every browser's daily life (STANDARD_SCHEMES). */
  #schemes: Set<string> | undefined;
  /** Undefined: they are let through unless schemes are listed, for a URL without a scheme has none of these. */
  relativeUrls: boolean | undefined;
  parseableUrls = false;
  dataImages = false;
  noFollow = false;
  noReferrer = false;
  targetBlank = false;

  allowElements(names: readonly string[]): void {
    for (const name of names) if (!NEVER.has(name.toLowerCase())) this.elements.add(name.toLowerCase());
  }

  allowAttributes(
    names: readonly string[],
    elements: readonly string[] | undefined,
    pattern?: Pattern,
  ): void {
    for (const name of names)
      for (const element of elements ?? [undefined])
        this.#permissions.push({ name: name.toLowerCase(), element: element?.toLowerCase(), pattern });
    if (elements !== undefined) this.allowElements(elements);
  }

  allowSchemes(names: readonly string[]): void {
    this.#schemes ??= new Set();
    for (const name of names) this.#schemes.add(name.toLowerCase().replace(/:$/, ''));
  }

  #allows(element: string, name: string, value: string): boolean {
    return this.#permissions.some(
      (one) =>
        one.name === name &&
        (one.element === undefined || one.element === element) &&
        (one.pattern === undefined || one.pattern.test(value)),
    );
  }

  #allowsUrl(element: string, name: string, value: string): boolean {
    const isData = /^\s*data:/i.test(value);
    if (this.parseableUrls && !isData && !isCleanUrl(value.trim())) return false;
    // As browsers read it: control characters and spaces do not count.
    const url = value.replace(/[\0-\x20\x7f-\xa0\u2028\u2029]+/g, '');
    const relative = this.relativeUrls ?? this.#schemes === undefined;
    const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(url)?.[1]?.toLowerCase();
    if (scheme === undefined) {
      if (url.startsWith('//') || url.startsWith('\\') || url.startsWith('/\\'))
        return relative && this.#hasWeb();
      return relative && !/^[^/?#]*:/.test(url);
    }
    if (scheme === 'data')
      return (
        this.dataImages &&
        element === 'img' &&
        name === 'src' &&
        /^data:image\/(?:gif|jpeg|png|webp);base64,[A-Za-z0-9+/=]*$/i.test(url)
      );
    const schemes: { has(scheme: string): boolean } = this.#schemes ?? new Set(STANDARD_SCHEMES);
    return schemes.has(scheme) && (!this.parseableUrls || hasHost(url, scheme));
  }

  #hasWeb(): boolean {
    return this.#schemes === undefined || this.#schemes.has('https') || this.#schemes.has('http');
  }

  /** The attributes of an element that stay, and those that the policy adds. */
  #attributes(element: string, given: Readonly<Record<string, string>>): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(given))
      if (
        this.#allows(element, name, value) &&
        (!URL_ATTRIBUTES.includes(name) || this.#allowsUrl(element, name, value)) &&
        name !== 'srcset'
      )
        kept[name] = value;
    if (!LINKS.has(element) || kept['href'] === undefined) return kept;
    const relations = [...(this.noFollow ? ['nofollow'] : []), ...(this.noReferrer ? ['noreferrer'] : [])];
    if (relations.length > 0)
      kept['rel'] = [...new Set([...(kept['rel'] ?? '').split(/\s+/).filter(Boolean), ...relations])].join(
        ' ',
      );
    if (this.targetBlank && /^\s*(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(kept['href'])) kept['target'] = '_blank';
    return kept;
  }

  /** `charge` is told of work beyond what goes with the length. P4 */
  sanitize(html: string, charge: (units: number) => void): string {
    let depth = 0;
    let deepest = 0;
    const clean = sanitizeHtml()(html, {
      onOpenTag: () => {
        depth += 1;
        if (depth % DEPTH_STEP !== 0 || depth <= deepest) return;
        deepest = depth;
        charge(html.split('<').length * DEPTH_COST);
      },
      onCloseTag: () => {
        depth -= 1;
      },
      allowedTags: [...this.elements],
      allowedAttributes: false,
      allowedSchemes: false, // this class has looked at them
      allowedSchemesAppliedToAttributes: [],
      allowVulnerableTags: true, // there is none (P2)
      nonTextTags: WITHOUT_TEXT.filter((name) => !this.elements.has(name)),
      parseStyleAttributes: false,
      nestingLimit: 200,
      transformTags: {
        '*': (tagName, attribs) => ({ tagName, attribs: this.#attributes(tagName, attribs) }),
      },
    });
    // Void elements as HTML writes them; a '>' in text or in an attribute is escaped by now.
    return clean.replaceAll(' />', '>');
  }
}

/** As Go's parser and its sanitizer take one: no spaces or control characters within, no broken `%`. */
const isCleanUrl = (url: string): boolean => !/[\s\0-\x20\x7f]|%(?![0-9a-f]{2})/i.test(url);

function hasHost(url: string, scheme: string): boolean {
  return (
    scheme === 'mailto' ||
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^\s/?#@]*@)?(?:\[[0-9a-f:.]+\]|[^\s/?#@:[\]<>"{}|\\^`]+)(?::\d{1,5})?(?:[/?#]|$)/i.test(
      url,
    )
  );
}
