import { Module } from '@nestjs/common';
import { HomeController } from './home.controller.js';

/** The page at the root of the service. */
@Module({ controllers: [HomeController] })
export class HomeModule {}
