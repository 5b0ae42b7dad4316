import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { Public } from '../http/access.decorators.js';
import { PublicUrl } from '../http/public-url.js';
import { homePage } from './home-page.js';
import { type Links, linksOf, prefersJson } from './links.js';

/** Answers at the root, for whoever opens the address of the service: no token. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** Shows the links as a page, or as JSON to clients that would rather have that. */
  @Get()
  show(
    @Headers('accept') accept: string | undefined,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | (Links & { version: string }) {
    const links = linksOf(publicUrl, { hasApi: this.config.roles.includes('api') });
    reply.header('vary', 'Accept');
    if (prefersJson(accept)) return { version: VERSION, ...links };
    reply.type('text/html; charset=utf-8');
    return homePage(links, VERSION);
  }
}
