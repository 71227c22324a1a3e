/** Prints what the core dump of this process would hold, and of one that it starts. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { leaveMemoryOutOfCoreDumps } from '../../../src/host/mod.ts'

const path = '/proc/self/coredump_filter'
const isSet = leaveMemoryOutOfCoreDumps()
const child = spawnSync('cat', [path], { env: { PATH: process.env['PATH'] }, encoding: 'utf8', timeout: 10_000 })
process.stdout.write(`${isSet} ${readFileSync(path, 'utf8').trim()} ${child.stdout.trim()}`)
