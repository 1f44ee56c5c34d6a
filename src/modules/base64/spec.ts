// The `base64` module: byte strings as text of RFC 4648 and back. Sealed.
import { decodeBase64, encodeBase64 } from '../../core/text.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { failure } from '../../lua/instance/error-object.js';
import { bytes } from '../../lua/parameters.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** As in Go: line ends are skipped, and bits after the last byte do not matter. */
function decode(text: string): string | undefined {
  const plain = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, '') : text;
  const canonical = decodeBase64(plain);
  if (canonical !== undefined || !/^[^=]*[^=]={1,2}$/.test(plain)) return canonical;
  const last = plain.indexOf('=') - 1;
  const bits = ALPHABET.indexOf(plain.charAt(last));
  const zeroed = ALPHABET.charAt(bits & (plain.length - last === 2 ? 60 : 48));
  return decodeBase64(plain.slice(0, last) + zeroed + plain.slice(last + 1));
}

/** Why a text is no base64. */
function problemOf(text: string): string {
  const wrong = text.search(/[^A-Za-z0-9+/=\r\n]/);
  if (wrong >= 0) {
    const code = text.charCodeAt(wrong);
    const shown =
      code > 32 && code < 127 ? `'${text.charAt(wrong)}'` : `byte 0x${code.toString(16).padStart(2, '0')}`;
    return `invalid base64: ${shown} at position ${wrong + 1}${code === 45 || code === 95 ? '; this is the URL alphabet, replace - by + and _ by /' : ''}`;
  }
  if (text.length % 4 !== 0)
    return `invalid base64: ${text.length} characters are no multiple of 4; pad with '='`;
  return 'invalid base64: the padding does not fit';
}

export const base64Spec = defineModuleSpec({
  name: 'base64',
  summary: 'Bytes as text of the standard base64 alphabet, and back',
  workflow: 'sealed',
  members: members(
    define('encode', {
      summary: 'Bytes as base64 with padding. The empty string stays empty.',
      params: [bytes('data', 'Text or any bytes.')],
      returns: ['string?', 'Error?'],
      fails: { Invalid: 'data is no string' },
      returnsWrongArguments: true,
      run: (call, data) => {
        call.charge(data.length);
        return encodeBase64(data);
      },
    }),
    define('decode', {
      summary: 'The bytes of a base64 text. Padding is required; line ends are skipped.',
      params: [bytes('data', 'Base64 of the standard alphabet.')],
      returns: ['string?', 'Error?'],
      fails: { Invalid: 'data is no string or no base64' },
      returnsWrongArguments: true,
      run: (call, data) => {
        call.charge(data.length);
        return decode(data) ?? failure('Invalid', problemOf(data));
      },
    }),
  ),
});
