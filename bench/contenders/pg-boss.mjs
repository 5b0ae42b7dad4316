import { peerRound } from './peer.mjs';

export const pgBoss = {
  name: 'pg-boss',
  package: 'pg-boss',
  note: 'work(), 8 workers of 32, bursts, a partition of its own',
  round: (context) =>
    peerRound(context, {
      script: 'bench/peers/pg-boss.mjs',
      async isSettled(database) {
        const table = await database.value(`SELECT table_name FROM pgboss.queue WHERE name = 'deliveries'`);
        return !(await database.value(`SELECT EXISTS (SELECT FROM pgboss.${table} WHERE state < 'completed')`));
      },
    }),
};
