// The `html` module: cleans HTML from strangers by policies, after bluemonday. Sealed.
import { compilePattern, PatternError } from '../../core/regular-expressions.js';
import type { Pattern } from '../../core/regular-expressions.js';
import { toBytes, toTextLossy, tryText } from '../../core/text.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, defineType, members, methodsOf, table } from '../../lua/module.js';
import { bytes, optional, rest, text, truth } from '../../lua/parameters.js';
import type { UserdataType } from '../../lua/values.js';
import { Policy, STANDARD_SCHEMES } from './policy.js';

/** Attributes that are being allowed. */
class AttributeBuilder {
  readonly policy: Policy;
  readonly names: readonly string[];
  pattern: Pattern | undefined;
  constructor(policy: Policy, names: readonly string[]) {
    this.policy = policy;
    this.names = names;
  }
}

const IMAGE = ['align', 'alt', 'height', 'width', 'src'];
const LISTS = ['ul', 'ol', 'li', 'dl', 'dt', 'dd'];
const TABLES = ['table', 'thead', 'tbody', 'tfoot', 'tr', 'td', 'th', 'caption'];
const COMMON = (
  'a abbr acronym address article aside b bdi bdo blockquote br cite code del details dfn div em figcaption figure ' +
  'footer h1 h2 h3 h4 h5 h6 header hgroup hr i ins kbd main mark p pre q rp rt ruby s samp section small span strike ' +
  'strong sub summary sup time tt u var wbr'
).split(' ');

function allowStandardUrls(policy: Policy): void {
  policy.parseableUrls = true;
  policy.relativeUrls = true;
  policy.allowSchemes(STANDARD_SCHEMES);
  policy.noFollow = true;
}

function allowImages(policy: Policy): void {
  policy.allowElements(['img']);
  policy.allowAttributes(IMAGE, ['img']);
  policy.parseableUrls = true;
  policy.relativeUrls = true;
  policy.allowSchemes(STANDARD_SCHEMES);
}

function allowTables(policy: Policy): void {
  policy.allowElements(TABLES);
  policy.allowAttributes(
    ['colspan', 'rowspan', 'scope'],
    ['td', 'th'],
    compilePattern('^(?:[0-9]{1,3}|row|col|rowgroup|colgroup)$'),
  );
}

function allowStandardAttributes(policy: Policy): void {
  policy.allowAttributes(['id'], undefined, compilePattern('^[a-zA-Z0-9:_.-]+$'));
  policy.allowAttributes(['class'], undefined, compilePattern('^[a-zA-Z0-9\\s_-]*$'));
  policy.allowAttributes(['title'], undefined);
  policy.allowAttributes(['dir'], undefined, compilePattern('(?i)^(?:rtl|ltr|auto)$'));
  policy.allowAttributes(['lang'], undefined, compilePattern('^[a-zA-Z]{2,20}(?:-[a-zA-Z0-9]{1,8})*$'));
}

function userContent(): Policy {
  const policy = new Policy();
  policy.allowElements(COMMON);
  policy.allowElements(LISTS);
  allowTables(policy);
  allowImages(policy);
  allowStandardUrls(policy);
  allowStandardAttributes(policy);
  policy.allowAttributes(['href'], ['a']);
  policy.allowAttributes(['cite'], ['blockquote', 'del', 'ins', 'q']);
  policy.allowAttributes(['datetime'], ['del', 'ins', 'time']);
  policy.allowAttributes(['open'], ['details']);
  return policy;
}

const method = methodsOf<Policy>();
const builderMethod = methodsOf<AttributeBuilder>();
const same = (policy: Policy) => PolicyType.wrap(policy);
const names = (what: string) => rest(text('names', what));

/** Instructions of settings that compile expressions. */
const SETTING_COST = 20_000;

/** A method that changes the policy and gives it back. */
const setting = (name: string, summary: string, change: (policy: Policy) => void) =>
  method(name, {
    summary,
    params: [],
    returns: ['Policy'],
    run: (call, self) => {
      call.charge(SETTING_COST);
      change(self);
      return same(self);
    },
  });

const toggle = (
  name: string,
  summary: string,
  field: 'relativeUrls' | 'parseableUrls' | 'noFollow' | 'noReferrer' | 'targetBlank',
) =>
  method(name, {
    summary,
    params: [optional(truth('on', 'Default true.'))],
    returns: ['Policy'],
    run: (_call, self, on = true) => {
      self[field] = on;
      return same(self);
    },
  });

const BuilderType: UserdataType<AttributeBuilder> = defineType<AttributeBuilder>(
  'AttrBuilder',
  'Attributes that are being allowed: they are once `on_elements` or `globally` is called.',
  [
    builderMethod('on_elements', {
      summary: 'Allows the attributes on these elements, which are allowed with it.',
      params: [names('Names of elements.')],
      returns: ['Policy'],
      run: (_call, self, elements) => {
        self.policy.allowAttributes(self.names, elements, self.pattern);
        return same(self.policy);
      },
    }),
    builderMethod('globally', {
      summary: 'Allows the attributes on every element that is allowed.',
      params: [],
      returns: ['Policy'],
      run: (_call, self) => {
        self.policy.allowAttributes(self.names, undefined, self.pattern);
        return same(self.policy);
      },
    }),
    builderMethod('matching', {
      summary: 'Allows only values in which an expression of RE2 is found; anchor it with `^` and `$`.',
      params: [bytes('pattern')],
      returns: ['AttrBuilder?', 'Error?'],
      fails: { Invalid: 'the pattern is no expression of RE2' },
      run: (call, self, pattern) => {
        call.charge(SETTING_COST + pattern.length * 50);
        const plain = tryText(pattern);
        if (plain === undefined) return failure('Invalid', 'the pattern is not UTF-8');
        try {
          self.pattern = compilePattern(plain);
        } catch (error) {
          if (!(error instanceof PatternError)) throw error;
          return failure('Invalid', toBytes(`invalid pattern: ${error.message}`));
        }
        return BuilderType.wrap(self);
      },
    }),
  ],
);

/** Parsing and filtering take about this many instructions a byte. */
const COST = 30;
/** A text takes so many besides. */
const DOCUMENT_COST = 3000;

const PolicyType: UserdataType<Policy> = defineType<Policy>('Policy', 'What is let through.', [
  method('sanitize', {
    summary:
      'The HTML with everything removed that the policy does not allow. Always well-formed; bytes that are no UTF-8 become U+FFFD. Elements within 200 others are cut, their text stays.',
    params: [bytes('html')],
    returns: ['string'],
    run: (call: HostCall, self, html) => {
      call.charge(html.length * COST + DOCUMENT_COST);
      return toBytes(self.sanitize(toTextLossy(html), (units) => call.charge(units)));
    },
  }),
  method('allow_elements', {
    summary: 'Allows elements. script, style, noscript, svg, math and the like are never let through.',
    params: [names('Names of elements.')],
    returns: ['Policy'],
    run: (_call, self, elements) => {
      self.allowElements(elements);
      return same(self);
    },
  }),
  method('allow_attrs', {
    summary: 'Begins to allow attributes: end it with `on_elements` or `globally`.',
    params: [names('Names of attributes.')],
    returns: ['AttrBuilder'],
    run: (_call, self, attributes) => BuilderType.wrap(new AttributeBuilder(self, attributes)),
  }),
  setting(
    'allow_standard_urls',
    'Allows http, https, mailto and relative URLs that parse, and adds `rel="nofollow"` to links.',
    allowStandardUrls,
  ),
  method('allow_url_schemes', {
    summary:
      'Allows URLs of these schemes only, besides those that were allowed before; relative ones need `allow_relative_urls(true)`. Without it http, https and mailto are.',
    params: [names('Schemes without the colon.')],
    returns: ['Policy'],
    run: (_call, self, schemes) => {
      self.allowSchemes(schemes);
      return same(self);
    },
  }),
  toggle(
    'allow_relative_urls',
    'Whether relative URLs are let through. Without a word they are, until `allow_url_schemes` lists what is.',
    'relativeUrls',
  ),
  toggle(
    'require_parseable_urls',
    'Whether URLs that do not parse are removed: spaces within, a broken `%`, no host.',
    'parseableUrls',
  ),
  toggle('require_nofollow_on_links', 'Whether links get `rel="nofollow"`.', 'noFollow'),
  toggle('require_noreferrer_on_links', 'Whether links get `rel="noreferrer"`.', 'noReferrer'),
  toggle(
    'add_target_blank_to_fully_qualified_links',
    'Whether links to other hosts get `target="_blank"`.',
    'targetBlank',
  ),
  setting('allow_images', 'Allows `img` with its usual attributes and standard URLs.', allowImages),
  setting(
    'allow_data_uri_images',
    'Allows images within URLs: base64 of gif, jpeg, png, webp, as the `src` of `img` only.',
    (policy) => {
      policy.dataImages = true;
    },
  ),
  setting('allow_lists', 'Allows ul, ol, li, dl, dt and dd.', (policy) => policy.allowElements(LISTS)),
  setting('allow_tables', 'Allows tables, with colspan, rowspan and scope.', allowTables),
  setting(
    'allow_standard_attributes',
    'Allows id, class, title, dir and lang everywhere.',
    allowStandardAttributes,
  ),
]);

const policy = (name: string, summary: string, make: () => Policy, cost: number) =>
  define(name, {
    summary,
    params: [],
    returns: ['Policy', 'Error?'],
    run: (call) => {
      call.charge(cost);
      return PolicyType.wrap(make());
    },
  });

export const htmlSpec = defineModuleSpec({
  name: 'html',
  summary: 'Cleans HTML from strangers by policies',
  workflow: 'sealed',
  members: {
    sanitize: table(
      members(
        policy('new_policy', 'A policy that allows nothing yet.', () => new Policy(), 500),
        policy(
          'ugc_policy',
          'A policy for what users write: text, lists, tables, images, links.',
          userContent,
          40_000,
        ),
        policy('strict_policy', 'A policy that leaves the text only.', () => new Policy(), 500),
      ),
    ),
  },
  types: [PolicyType, BuilderType],
});
