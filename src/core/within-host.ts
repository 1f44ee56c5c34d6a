// Work that may take so long and no longer. Host only.

/** What the work gives; after `milliseconds` it rejects with what `late` makes, and whatever the work comes to is passed over. */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => Error = () => new Error('too late'),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const out = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, out]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // when it is late nobody waits for it any more
  }
}
