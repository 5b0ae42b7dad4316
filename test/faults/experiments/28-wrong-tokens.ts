import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, exactly, experiment } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Replica } from '../library/replica.js';

const WRONG_A_SECOND = 30;
const PATH = '/api/v1/schedule/?limit=1';

export default experiment({
  number: 28,
  title: 'wrong tokens all the while, from the address of everybody, while replicas restart and the database is away',
  full: { tokens: 20, rounds: 5, downMs: 5_000 },
  short: { tokens: 5, rounds: 1, downMs: 2_000 },

  async run(lab, { tokens, rounds, downMs }) {
    const replicas = await lab.replicas(2);
    const valid = await Promise.all(Array.from({ length: tokens }, (_, i) => makesToken(lab, `user-${i}@example.org`)));
    const traffic = new Traffic(lab, replicas, valid);
    const answersToNew: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const replica of lab.running) {
        // One that has seen no token yet. The old one gets no more requests before it stops, as behind a proxy.
        traffic.add(await lab.replica());
        await traffic.withdraw(replica);
        await replica.stop();
      }
      traffic.isAway = true;
      await lab.postgres.stopImmediately();
      await delay(downMs);
      await lab.postgres.start();
      await lab.until('every replica reaches the database again', () => areReady(lab.running));
      traffic.isAway = false;
      await traffic.nextTurns();
      const token = await makesToken(lab, `late-${round}@example.org`);
      for (const { call } of lab.running) answersToNew.push((await asks(call, token)).status);
    }
    await traffic.stop();
    const { ofValid, whileAway, ofWrong } = traffic;
    return [
      exactly('answers to valid tokens while the database is there', kinds(ofValid), '200'),
      exactly('of these while it is away: 401 and 429', whileAway.filter(isRefusal).length, 0),
      exactly('answers to a token made a moment ago, on every replica', kinds(answersToNew), '200'),
      atLeast('requests with a valid token', ofValid.length, tokens * rounds * 5),
      exactly('wrong tokens let in', ofWrong.filter((status) => status === 200).length, 0),
      atLeast('wrong tokens answered 429', ofWrong.filter((status) => status === 429).length, 1),
    ];
  },
});

const isRefusal = (status: number) => status === 401 || status === 429;
const kinds = (statuses: number[]) => [...new Set(statuses)].sort().join();

function asks(call: Replica['call'], token: string) {
  return call('GET', PATH, undefined, { authorization: `Token ${token}` });
}

async function makesToken(lab: Lab, email: string): Promise<string> {
  const { status, text, body } = await lab.api('POST', '/api/v1/user/token/', { email });
  if (status !== 201) throw new Error(`no token: ${status} ${text}`);
  return body.token as string;
}

async function areReady(replicas: Replica[]): Promise<boolean> {
  const probes = await Promise.all(replicas.map(({ call }) => call('GET', '/health/ready')));
  return probes.every(({ status }) => status === 200);
}

/** Requests with valid and with wrong tokens, all from one address, to the replicas that run. */
class Traffic {
  readonly ofValid: number[] = [];
  readonly whileAway: number[] = [];
  readonly ofWrong: number[] = [];
  isAway = false;
  private isOver = false;
  private turns = 0;
  /** requests under way, by replica */
  private readonly serving = new Map<Replica, Set<Promise<unknown>>>();
  private readonly loops: Promise<void>[];

  constructor(
    private readonly lab: Lab,
    replicas: Replica[],
    tokens: string[],
  ) {
    for (const replica of replicas) this.add(replica);
    this.loops = [this.flood(), ...tokens.map((token) => this.use(token))];
  }

  add(replica: Replica): void {
    this.serving.set(replica, new Set());
  }

  /** Sends a replica no more requests, and waits for those under way. */
  async withdraw(replica: Replica): Promise<void> {
    const underWay = [...(this.serving.get(replica) ?? [])];
    this.serving.delete(replica);
    await Promise.all(underWay);
  }

  /** Waits until every valid token has been used again. */
  async nextTurns(): Promise<void> {
    const wanted = this.turns + 3 * this.loops.length;
    await this.lab.until('valid tokens are used', () => this.turns >= wanted);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async flood(): Promise<void> {
    const underWay: Promise<void>[] = [];
    while (!this.isOver) {
      const wrong = randomBytes(20).toString('hex');
      underWay.push(this.ask(wrong).then((status) => void this.ofWrong.push(status)));
      await delay(1_000 / WRONG_A_SECOND);
    }
    await Promise.all(underWay);
  }

  private async use(token: string): Promise<void> {
    while (!this.isOver) {
      const wasAway = this.isAway;
      const status = await this.ask(token);
      this.turns++;
      // One that began or ended in an outage may find the database away.
      (wasAway || this.isAway ? this.whileAway : this.ofValid).push(status);
      await delay(100);
    }
  }

  private async ask(token: string): Promise<number> {
    const replicas = [...this.serving];
    const [{ call }, underWay] = replicas[Math.floor(Math.random() * replicas.length)];
    const answer = asks(call, token);
    underWay.add(answer);
    const { status } = await answer;
    underWay.delete(answer);
    return status;
  }
}
