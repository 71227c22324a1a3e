/** docs/limits.md: what others can make a Runtime hold, from the constants that hold them to it, with the arithmetic. */
import { UNROUTED_SOCKETS_MAX } from '../../../src/bridge/listener.ts'
import { BODIES_BYTES_MAX } from '../../../src/host/body-budget.ts'
import { CONNECTION_LIMITS } from '../../../src/host/connection-guard.ts'
import { LIVE_STREAMS_MAX } from '../../../src/web/live.ts'
import { LOGINS_SECONDS_MAX, MEMORY_MIB_MAX, PACE_MIN, SIGN_IN_MS_MAX } from '../../bench/flood-goals.ts'
import { GENERATED, page, table } from '../markdown.ts'
import { bytes, type Limit, time } from './amounts.ts'
import { SQL_LIMITS } from './asked.ts'
import {
  BRIDGE_LIMITS,
  CONNECTION_BYTES,
  HTTPS_LIMITS,
  LIVE_STREAM_BYTES,
  REQUEST_BYTES,
  UNROUTED_SOCKET_BYTES,
} from './doors.ts'
import { DISK_LIMITS, PLATFORM_LIMITS } from './kept.ts'
import { CHECKS_BYTES, SIGN_IN_LIMITS, THROTTLES_BYTES } from './people.ts'

const MIB = 1_048_576
/** A Runtime's main process with one deployment and nobody who asks it anything. */
const REST_BYTES = 120 * MIB

const INTRODUCTION = [
  'Everything that somebody else can fill has a bound. Each is a constant beside the code that holds it, and this paper takes the number',
  'from there; what is marked ≈ was measured or estimated. A network is an IPv4 address, or the /64 of an IPv6 one, in which a single',
  'host has all addresses. Who is protected from whom is in [SECURITY.md](../SECURITY.md).',
].join('\n')

const PARTS = [
  ['at rest', REST_BYTES],
  ['connections', CONNECTION_LIMITS.connectionsMax * CONNECTION_BYTES],
  ['requests that wait', CONNECTION_LIMITS.connectionsMax * CONNECTION_LIMITS.requestsAtOnceMax * REQUEST_BYTES],
  ['bodies under way, read or not', BODIES_BYTES_MAX],
  ['passwords that are checked', CHECKS_BYTES],
  ['memory of failed sign-ins', THROTTLES_BYTES],
  ['live pages', LIVE_STREAMS_MAX * LIVE_STREAM_BYTES],
  ['sockets on 32100 that named no bridge yet', UNROUTED_SOCKETS_MAX * UNROUTED_SOCKET_BYTES],
] as const

function memory(): string {
  const rows = PARTS.map(([what, part]) => [what, `≈ ${bytes(part)}`])
  const sum = PARTS.reduce((total, [, part]) => total + part, 0)
  return table(['what', 'at most'], [...rows, ['**all at once**', `**≈ ${bytes(sum)}**`]])
}

const GARBAGE = [
  'To this comes what the collector has not collected yet, which it is asked to once a second when the process holds more than 256 MiB. No',
  `flood takes all of it at once; each of those of the bench stays below ${MEMORY_MIB_MAX} MiB. A port for ingest that is on adds its connections,`,
  'and as much again for bodies that wait.',
].join('\n')

const MEASURED = [
  '`npm run bench -- flood` floods a Runtime whose deployment has enough to do from other processes of its machine: 10,000 connections that',
  'are opened anew whenever they are closed, 1,500 slow senders, bodies of 1 GiB, requests by the thousand on one connection, 100,000',
  `wrong passwords from four addresses, and as many as can be sent in half a minute from 250. Its goals: no heartbeat (one each second) later than a Platform waits for one; the worker`,
  `moves at least ${PACE_MIN} of the rows for each second of processor that it moved before; the main process stays below ${MEMORY_MIB_MAX} MiB; an owner gets in within`,
  `${time(SIGN_IN_MS_MAX)}, by password and by session, from another address and from one of the flooders’ own; 100,000 wrong passwords are answered within ${LOGINS_SECONDS_MAX} s.`,
  'A test does the same with fewer, for what is not a matter of time (`tests/runtime/flood.test.ts`).',
].join('\n')

const GIVEN_UP = [
  'A browser in which nobody has signed in before has no way past a flood from its own address, or on its own account: it waits with the',
  'others. A one-time link goes past that (`sluice user link` on the machine itself). Whoever can send more than the machine’s network or',
  'processor can take is for a firewall; the lists of networks (`sluice network allow`) close a connection before TLS.',
].join('\n')

function section(title: string, limits: readonly Limit[]): string[] {
  return [`## ${title}`, table(['what', 'bound', 'where'], limits)]
}

export function limitsPage(): string {
  return page(
    '# Limits',
    GENERATED,
    INTRODUCTION,
    ...section('Connections: 8752, the Platform’s port, the ingest port', HTTPS_LIMITS),
    ...section('Signing in', SIGN_IN_LIMITS),
    ...section('Bridges: 32100', BRIDGE_LIMITS),
    ...section('What a Platform may ask for', PLATFORM_LIMITS),
    ...section('What is kept on the disk', DISK_LIMITS),
    ...section('Questions in SQL', SQL_LIMITS),
    '## Memory of the main process under a flood',
    memory(),
    GARBAGE,
    '## How it is measured',
    MEASURED,
    '## What no limit gives',
    GIVEN_UP,
  )
}
