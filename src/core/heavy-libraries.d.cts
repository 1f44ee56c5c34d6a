export function re2(): typeof import('re2js');
export function ajv(): typeof import('ajv').Ajv;
export function ajv2020(): typeof import('ajv/dist/2020.js').Ajv2020;
/** What code of keywords is written with. */
export function ajvCode(): Pick<typeof import('ajv'), '_'>;
export function ajvFormats(): typeof import('ajv-formats').default;
/** `zones`: `name|abbreviations|offsets|indices|transitions|population`; `links`: `target|name`. */
export function zoneData(): {
  readonly version: string;
  readonly zones: readonly string[];
  readonly links: readonly string[];
};
export function aesCiphers(): typeof import('@noble/ciphers/aes.js', {
  with: { 'resolution-mode': 'import' },
});
export function chachaCiphers(): typeof import('@noble/ciphers/chacha.js', {
  with: { 'resolution-mode': 'import' },
});
export function diffMatchPatch(): typeof import('diff-match-patch');
export function yaml(): typeof import('yaml');
export function sanitizeHtml(): typeof import('sanitize-html');
