// Loaded before the service (node --import): the process kills itself at the n-th passage of a place that it names.
// The product knows nothing of it: methods of its built classes are wrapped. Node's own type stripping runs this file.
type Method = (...args: unknown[]) => Promise<unknown>;

interface Failpoint {
  /** file of the build */
  file: string;
  of: string;
  /** the first of these that there is */
  methods: string[];
  when: 'before' | 'after';
  /** whether a passage counts, by its arguments and its result */
  counts?: (args: unknown[], result: unknown) => boolean;
}

const isNotEmpty = (list: unknown) => (list as unknown[]).length > 0;
const isFurtherPage = ([firings]: unknown[]) => (firings as { after: string | null }[]).some(({ after }) => after);

const FAN_OUT = { file: 'schedules/fan-out.js', of: 'FanOut', methods: ['fire'] };
const DISPATCHER = { file: 'schedules/dispatcher.js', of: 'Dispatcher', methods: ['takeDue'] };
const FAN_OUT_WORKER = { file: 'schedules/fan-out-worker.js', of: 'FanOutWorker', methods: ['continueOne'] };
const QUEUE = { file: 'deliveries/delivery-queue.js', of: 'DeliveryQueue', methods: ['lease', 'fetch'] };
const SENDER = { file: 'deliveries/delivery-sender.js', of: 'DeliverySender', methods: ['send'] };
const SETTLEMENT = { file: 'deliveries/settlement.js', of: 'Settlement', methods: ['settle'] };

const FAILPOINTS: Record<string, Failpoint> = {
  'tick taken': { ...FAN_OUT, when: 'before', counts: ([firings]) => isNotEmpty(firings) },
  'page inserted': { ...FAN_OUT, when: 'after', counts: ([firings]) => isNotEmpty(firings) },
  'tick committed': { ...DISPATCHER, when: 'after', counts: (_, taken) => Number(taken) > 0 },
  'further page inserted': { ...FAN_OUT, when: 'after', counts: isFurtherPage },
  'further page committed': { ...FAN_OUT_WORKER, when: 'after', counts: (_, hasContinued) => hasContinued === true },
  fetched: { ...QUEUE, when: 'after', counts: (_, leased) => isNotEmpty(leased) },
  sending: { ...SENDER, when: 'before' },
  sent: { ...SENDER, when: 'after' },
  'before settling': { ...SETTLEMENT, when: 'before' },
  'after settling': { ...SETTLEMENT, when: 'after' },
};

const [name, passage = '1'] = (process.env.FAILPOINT ?? '').split('@');
const failpoint = FAILPOINTS[name];
if (!failpoint) throw new Error(`FAILPOINT names none of ${Object.keys(FAILPOINTS).join(', ')}`);
await arm(failpoint, Number(passage));

async function arm({ file, of, methods, when, counts = () => true }: Failpoint, passages: number): Promise<void> {
  const built = (await import(new URL(`../../../dist/${file}`, import.meta.url).href)) as Record<
    string,
    { prototype: object }
  >;
  const prototype = built[of].prototype as Record<string, Method>;
  const method = methods.find((candidate) => candidate in prototype);
  if (!method) throw new Error(`${of} has none of ${methods.join(', ')}`);
  const original = prototype[method];
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

export {};
