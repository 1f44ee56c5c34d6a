// Where this package lies. Host only.

/** URL of the package's folder. Compiled, this file lies one folder deeper than its source. */
export const PACKAGE_ROOT = new URL(
  import.meta.url.endsWith('.ts') ? '../../' : '../../../',
  import.meta.url,
);
