/** Calls `send(0)` to `send(count - 1)`, so many of them at a time. */
export async function inFlight(count, atOnce, send) {
  let next = 0;
  const lane = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}
