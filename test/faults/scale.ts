// How much of a fault test runs: a short form in `npm test`, the whole of it in `npm run test:faults`, which says the seed.

/** True under `npm run test:faults`. */
export const whole = process.env['MOONTIDE_FAULTS'] === 'whole';

/** Of everything that a fault test leaves to chance. `MOONTIDE_FAULTS_SEED` gets a run again. */
export const seed = Number(process.env['MOONTIDE_FAULTS_SEED'] ?? Date.now() % 1_000_000);

/** Counts of the short form and of the whole. */
export const times = <T>(short: T, long: T): T => (whole ? long : short);

/** Figures are told on stderr, with the seed. */
export const figure = (name: string, values: Readonly<Record<string, unknown>>): void =>
  void process.stderr.write(`${name}: ${JSON.stringify({ seed, ...values })}\n`);

/** The value that so large a share of them does not exceed. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;
