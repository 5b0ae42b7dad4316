import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../../config/config.js';
import { ConfigModule } from '../../config/config.module.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { OutboundModule } from '../../outbound/outbound.module.js';
import { reasonOf } from '../faults.js';
import { fault, type Finding, ok, warning } from './finding.js';

const TIMEOUT_MS = 10_000;

@Module({})
class ReachabilityModule {}

/** Asks the addresses that matter, on the way and by the rules that deliveries have. Any answer will do. */
export async function checkReachability(config: Config, endpoint: string | undefined): Promise<Finding[]> {
  const { publicUrl } = config.http;
  const { pushUrl } = config.metrics;
  if (!publicUrl && !pushUrl && !endpoint) return [];
  const module = { module: ReachabilityModule, imports: [ConfigModule.with(config), OutboundModule] };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  try {
    const client = app.get(OutboundClient);
    const checks: Promise<Finding>[] = [];
    if (publicUrl) checks.push(checkPublicUrl(publicUrl, client));
    if (pushUrl) checks.push(checkAnswers('METRICS_URL', pushUrl, client));
    if (endpoint) checks.push(checkAnswers('endpoint', endpoint, client));
    return await Promise.all(checks);
  } finally {
    await app.close();
  }
}

/** The service answers there when it runs, and only then: nothing of it is at fault when it does not. */
async function checkPublicUrl(publicUrl: string, client: OutboundClient): Promise<Finding> {
  const advice = 'start the service, or correct PUBLIC_URL or the proxy before it';
  try {
    const status = await statusOf(`${publicUrl}/health/live`, client);
    const finding = `PUBLIC_URL answers ${status} to /health/live`;
    return status === 200 ? ok('PUBLIC_URL', finding) : warning('PUBLIC_URL', finding, advice);
  } catch (error) {
    return warning('PUBLIC_URL', `does not answer: ${reasonOf(error)}`, advice);
  }
}

async function checkAnswers(check: string, url: string, client: OutboundClient): Promise<Finding> {
  try {
    return ok(check, `answers ${await statusOf(url, client)} to a GET`);
  } catch (error) {
    const advice = 'check the address, name resolution, firewalls, and EGRESS_ALLOW and EGRESS_DENY';
    return fault(check, `does not answer: ${reasonOf(error)}`, advice);
  }
}

async function statusOf(url: string, client: OutboundClient): Promise<number> {
  return (await client.send({ method: 'GET', url, headers: {}, body: null, timeoutMs: TIMEOUT_MS })).status;
}
