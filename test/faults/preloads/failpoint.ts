// Loaded before the service (node --import): the process kills itself at the n-th passage of a place that it names.
// The product knows nothing of it: methods of its built classes are wrapped. Node's own type stripping runs this file.
import { EntityManager } from 'typeorm';

type Method = (...args: unknown[]) => Promise<unknown>;
type Counts = (args: unknown[], result: unknown) => boolean;

interface Failpoint {
  /** class and method */
  of: { prototype: object };
  method: string;
  when: 'before' | 'after';
  /** whether a passage counts, by its arguments and its result */
  counts?: Counts;
}

async function built(file: string): Promise<Record<string, { prototype: object } & string>> {
  return (await import(new URL(`../../../dist/${file}`, import.meta.url).href)) as never;
}

const { Dispatcher } = await built('schedules/dispatcher.js');
const { FanOut } = await built('schedules/fan-out.js');
const { TAKE_TICKS } = await built('schedules/schedules.queries.js');
const { RECORD_FIRINGS } = await built('schedules/firings.queries.js');
const { DeliveryQueue } = await built('deliveries/delivery-queue.js');
const { DeliverySender } = await built('deliveries/delivery-sender.js');
const { Settlement } = await built('deliveries/settlement.js');

const isStatement =
  (sql: string): Counts =>
  ([text]) =>
    text === sql;
const hasSome: Counts = (_, result) => (result as unknown[]).length > 0;
const isNotTheLast: Counts = (_, fired) => (fired as { is_done: boolean }[]).some(({ is_done }) => !is_done);
const hasLeased: Counts = (_, lease) => (lease as { deliveries: unknown[] }).deliveries.length > 0;

const FAILPOINTS: Record<string, Failpoint> = {
  // Within the transaction that takes a tick, and after it.
  'tick taken': { of: EntityManager, method: 'query', when: 'after', counts: isStatement(TAKE_TICKS) },
  'firing recorded': { of: EntityManager, method: 'query', when: 'after', counts: isStatement(RECORD_FIRINGS) },
  'tick committed': { of: Dispatcher, method: 'takeDue', when: 'after', counts: (_, taken) => Number(taken) > 0 },
  'page inserted': { of: FanOut, method: 'firePages', when: 'after', counts: hasSome },
  'page of several inserted': { of: FanOut, method: 'firePages', when: 'after', counts: isNotTheLast },
  fetched: { of: DeliveryQueue, method: 'lease', when: 'after', counts: hasLeased },
  sending: { of: DeliverySender, method: 'send', when: 'before' },
  sent: { of: DeliverySender, method: 'send', when: 'after' },
  'before settling': { of: Settlement, method: 'settle', when: 'before' },
  'after settling': { of: Settlement, method: 'settle', when: 'after' },
};

const [name, passage = '1'] = (process.env.FAILPOINT ?? '').split('@');
const failpoint = FAILPOINTS[name];
if (!failpoint) throw new Error(`FAILPOINT names none of ${Object.keys(FAILPOINTS).join(', ')}`);
arm(failpoint, Number(passage));

function arm({ of, method, when, counts = () => true }: Failpoint, passages: number): void {
  const prototype = of.prototype as Record<string, Method>;
  const original = prototype[method];
  if (!original) throw new Error(`the built class has no method ${method}`);
  let left = passages;
  const pass = (args: unknown[], result: unknown) => {
    if (counts(args, result) && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
  prototype[method] = async function (this: unknown, ...args: unknown[]) {
    if (when === 'before') pass(args, undefined);
    const result = await original.apply(this, args);
    if (when === 'after') pass(args, result);
    return result;
  };
}
