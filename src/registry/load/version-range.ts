// Versions of modules and the ranges that dependencies want: npm's syntax, which has all of the format's.
import satisfies from 'semver/functions/satisfies.js';
import valid from 'semver/functions/valid.js';
import validRange from 'semver/ranges/valid.js';

/** What is wrong, with `$module` for the module; undefined: nothing, or the module says no version. */
export function versionProblem(wanted: string, version: string | undefined): string | undefined {
  if (validRange(wanted) === null) return `'${wanted}' is no range of versions for $module`;
  if (version === undefined) return undefined;
  const exact = valid(version.replace(/^v/, ''));
  if (exact === null) return `$module has the version '${version}', which is none (as in '1.2.3')`;
  if (satisfies(exact, wanted, { includePrerelease: true })) return undefined;
  return `$module is version ${exact}, and '${wanted}' is wanted`;
}
