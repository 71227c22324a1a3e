#!/usr/bin/env node
/** `npx sluice …` in a clone: the product's own command, run from source. */
import { fileURLToPath } from 'node:url'

process.argv.splice(2, 0, fileURLToPath(new URL('../src/main.ts', import.meta.url)))
await import('./run.mjs')
