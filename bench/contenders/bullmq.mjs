import { firstLine } from '../processes.mjs';
import { redisVersion, startRedis } from '../redis.mjs';
import { peerRound } from './peer.mjs';

export const bullmq = {
  name: 'BullMQ',
  package: 'bullmq',
  note: 'Redis with AOF, appendfsync everysec: a power cut may lose the last second',
  skipReason: () => (redisVersion() ? null : 'redis-server is not installed'),
  async round(context) {
    const redis = await startRedis();
    try {
      return await peerRound(context, {
        script: 'bench/peers/bullmq.mjs',
        args: [String(redis.port)],
        // No history rows without the job, and no job left: its worker counts its completions.
        whenSettled: (child) => firstLine(child),
      });
    } finally {
      await redis.stop();
    }
  },
};
