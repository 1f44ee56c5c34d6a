// Which origins may ask: a list of `https://app.example.com`, `*.example.com` and `*`.

export interface Origins {
  readonly any: boolean;
  allows(origin: string): boolean;
}

export function originsOf(list: string): Origins {
  const entries = list
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '');
  const any = entries.includes('*');
  const exact = new Set(entries.filter((one) => !one.includes('*')));
  const wild = entries.filter((one) => one.includes('*') && one !== '*').map(wildcard);
  return {
    any,
    allows(origin) {
      const given = origin.toLowerCase();
      return any || exact.has(given) || wild.some((matches) => matches(given));
    },
  };
}

/** `*.example.com` stands for every host below, with any scheme and port; `https://*.example.com` for those of https. */
function wildcard(pattern: string): (origin: string) => boolean {
  const [scheme, rest] = pattern.includes('://') ? pattern.split('://', 2) : [undefined, pattern];
  const suffix = (rest ?? '').replace(/^\*/, '');
  return (origin) => {
    const [given, host = ''] = origin.split('://', 2);
    if (scheme !== undefined && scheme !== given) return false;
    const name = suffix.includes(':') ? host : host.replace(/:\d+$/, '');
    return (
      name.length > suffix.length && name.endsWith(suffix) && !name.slice(0, -suffix.length).includes('/')
    );
  };
}
