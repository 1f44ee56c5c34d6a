// Libraries that take milliseconds to load, so that only a run that uses one pays for it. Sealed.
// L1: this is CommonJS because its `require` is what both Node and the workflow bundle do late; an `import` is done at once in both.
// L2: what comes back is for reading; a library that keeps state gets an instance of its own per caller.
'use strict';
exports.re2 = () => require('re2js');
exports.ajv = () => require('ajv').Ajv;
exports.ajv2020 = () => require('ajv/dist/2020.js').Ajv2020;
exports.ajvCode = () => require('ajv');
exports.ajvFormats = () => require('ajv-formats').default;
exports.zoneData = () => require('moment-timezone/data/packed/latest.json');
exports.aesCiphers = () => require('@noble/ciphers/aes.js');
exports.chachaCiphers = () => require('@noble/ciphers/chacha.js');
exports.diffMatchPatch = () => require('diff-match-patch');
exports.yaml = () => require('yaml');
exports.sanitizeHtml = () => require('sanitize-html');
