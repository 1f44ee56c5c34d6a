// Comparison of secrets. Sealed.

/** Whether two byte strings are equal, in time that depends on their lengths only. */
export function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++)
    difference |= (a.charCodeAt(index % (a.length || 1)) || 0) ^ (b.charCodeAt(index % (b.length || 1)) || 0);
  return difference === 0;
}
