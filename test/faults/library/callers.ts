import { Agent, request } from 'undici';
import { ADMIN_TOKEN } from '../../support/api.js';

/** What came of one call: a status, or the code of the error of a connection that gave none. */
export interface Call {
  at: number;
  method: string;
  result: number | string;
}

interface Answer extends Call {
  text: string;
}

/** No answer, or a 5xx. */
export const isError = ({ result }: Call) => typeof result === 'string' || result >= 500;

/**
 * Clients of the API that call it one request after another, each on a connection it keeps: they make a schedule, read,
 * change and remove it, and read the list. Every schedule has an endpoint of its own, so that a POST that was obeyed
 * twice shows.
 */
export class Callers {
  readonly calls: Call[] = [];
  /** endpoints of schedules whose creation was acknowledged, and which were then left there */
  readonly kept: string[] = [];
  /** those whose removal was acknowledged too */
  readonly removed: string[] = [];
  private isOver = false;
  private readonly loops: Promise<void>[];

  constructor(
    private readonly url: string,
    readonly count: number,
  ) {
    this.loops = Array.from({ length: count }, (_, i) => this.loop(i));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async loop(caller: number): Promise<void> {
    // The certificate is nobody's; what is tried here is not TLS.
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, connections: 1 });
    for (let turn = 0; !this.isOver; turn++)
      await this.turn(dispatcher, `http://127.0.0.1:9/callers/${caller}/${turn}`);
    await dispatcher.close();
  }

  private async turn(dispatcher: Agent, endpoint: string): Promise<void> {
    const fields = { cron_definition: '@yearly', payload: {}, endpoint };
    const { result, text } = await this.call(dispatcher, 'POST', '/api/v1/schedule/', fields);
    await this.call(dispatcher, 'GET', '/api/v1/schedule/?limit=5');
    if (result !== 201) return;
    const path = `/api/v1/schedule/${(JSON.parse(text) as { id: string }).id}/`;
    await this.call(dispatcher, 'PATCH', path, { frequency: 3 });
    await this.call(dispatcher, 'GET', path);
    if (this.kept.length <= this.removed.length) this.kept.push(endpoint);
    else if ((await this.call(dispatcher, 'DELETE', path)).result === 204) this.removed.push(endpoint);
  }

  private async call(dispatcher: Agent, method: 'POST' | 'GET' | 'PATCH' | 'DELETE', path: string, body?: object) {
    const answer: Answer = { at: Date.now(), method, result: 0, text: '' };
    try {
      const { statusCode, body: content } = await request(this.url + path, {
        dispatcher,
        method,
        headers: { authorization: `Token ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      answer.text = await content.text();
      answer.result = statusCode;
    } catch (error) {
      answer.result = (error as NodeJS.ErrnoException).code ?? String(error);
    }
    this.calls.push({ at: answer.at, method, result: answer.result });
    return answer;
  }
}
