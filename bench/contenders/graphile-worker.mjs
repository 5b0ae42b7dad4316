import { peerRound } from './peer.mjs';

export const graphileWorker = {
  name: 'graphile-worker',
  package: 'graphile-worker',
  note: 'local queue of 500, completions batched, 256 concurrent jobs',
  round: (context) =>
    peerRound(context, {
      script: 'bench/peers/graphile-worker.mjs',
      isSettled: (database) => database.value('SELECT NOT EXISTS (SELECT FROM graphile_worker._private_jobs)'),
    }),
};
