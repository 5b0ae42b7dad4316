import { AxiosError, type AxiosAdapter, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import type { OutboundClient, OutboundMethod } from './outbound-client.js';

const DEFAULT_TIMEOUT_MS = 30_000;

/** Lets axios send through the guarded client instead of a socket of its own. */
export function guardedAxiosAdapter(client: OutboundClient): AxiosAdapter {
  return async (config: InternalAxiosRequestConfig) => {
    const response = await client.send({
      method: (config.method ?? 'get').toUpperCase() as OutboundMethod,
      url: new URL(config.url ?? '', config.baseURL).href,
      headers: { ...AxiosHeaders.from(config.headers).toJSON(true), ...basicAuth(config) },
      body: (config.data as string | undefined) ?? null,
      timeoutMs: config.timeout || DEFAULT_TIMEOUT_MS,
    });
    const answer = {
      data: response.body.toString('utf8'),
      status: response.status,
      statusText: '',
      headers: response.headers as Record<string, string>,
      config,
    };
    if (config.validateStatus && !config.validateStatus(answer.status)) {
      throw new AxiosError(
        `Request failed with status code ${answer.status}`,
        'ERR_BAD_RESPONSE',
        config,
        null,
        answer,
      );
    }
    return answer;
  };
}

function basicAuth({ auth }: InternalAxiosRequestConfig): Record<string, string> {
  if (!auth) return {};
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
}
