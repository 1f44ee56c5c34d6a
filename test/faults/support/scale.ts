// How long fault tests run: `npm run test:faults` sets MOONTIDE_FAULTS=full; `npm test` runs a tenth of the counts.
export const isFull = process.env.MOONTIDE_FAULTS === 'full';

/** The whole count, or a tenth of it (at least one). */
export const scaled = (count: number): number => (isFull ? count : Math.max(1, Math.round(count / 10)));
