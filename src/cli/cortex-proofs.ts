#!/usr/bin/env node
import { cortexMain } from './cortex/main';
import { runProcess } from './process';

runProcess(cortexMain);
