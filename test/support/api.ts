import { committedOperations, operationFor, responseFault } from './openapi.js';

export const ADMIN_TOKEN = 'test-admin-token-0123456789';

// What the API answered, parsed; the assertions of the tests say what they expect of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- no one type fits; the assertions of the tests check it
type Json = any;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: Json;
}

/** Calls the API as the admin, unless headers say otherwise. A body that is text is sent as it is. */
export type ApiCall = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Reply>;

/**
 * Calls an API at a base URL. Every response must be as the OpenAPI document describes it.
 *
 * @param options.isChecked false where rows hold values that the service never writes, such as negative ids
 */
export function caller(url: string, { isChecked = true } = {}): ApiCall {
  return async (method, path, body, headers = {}) => {
    const isText = typeof body === 'string';
    const response = await fetch(url + path, {
      method,
      body: body === undefined ? undefined : isText ? body : JSON.stringify(body),
      headers: {
        authorization: `Token ${ADMIN_TOKEN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'manual',
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // not JSON: the text will do
    }
    const { status } = response;
    const operation = isChecked && operationFor(committedOperations(), method, path);
    const fault = operation ? responseFault(operation, { status, text }) : null;
    if (fault) throw new Error(fault);
    return { status, headers: response.headers, text, body: parsed };
  };
}
