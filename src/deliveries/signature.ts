import { createHmac } from 'node:crypto';

/**
 * The headers by which a receiver verifies a delivery, as the Standard Webhooks specification (v1) has them. One
 * signature for each key, so that receivers can change to a new one at their own time.
 *
 * @param deliveryId the same on every attempt
 * @param body exactly what is sent
 * @param keys none: no headers
 * @param now the instant of the attempt
 */
export function signatureHeaders(
  { deliveryId, body }: { deliveryId: string; body: string },
  keys: readonly Buffer[],
  now: Date,
): Record<string, string> {
  if (keys.length === 0) return {};
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signed = `${deliveryId}.${timestamp}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { 'webhook-id': deliveryId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
