// The smallest whole number that will do, where all larger ones do too.

/** Up to `most`, which must do. */
export function smallest(does: (value: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (does(middle)) high = middle;
    else low = middle;
  }
  return high;
}
