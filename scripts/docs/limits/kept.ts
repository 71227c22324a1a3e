/** What a Platform may ask for, and what a Runtime keeps. */
import { RUNS_AT_ONCE } from '../../../src/connectors/connector-desk.ts'
import { CONNECTORS_MAX, RUNS_KEPT_MAX } from '../../../src/connectors/connector-store.ts'
import { JSON_DEPTH_MAX } from '../../../src/connectors/http/json.ts'
import { SEEN_MAX } from '../../../src/connectors/http/seen.ts'
import { ANSWER_BYTES_MAX, ANSWER_MS_MAX } from '../../../src/connectors/http/site-client.ts'
import { CONNECTOR_MEMORY_BYTES_MAX } from '../../../src/connectors/worker/connector-process.ts'
import { CREDENTIALS_MAX } from '../../../src/keys/vault.ts'
import { HEARTBEAT_INTERVAL_MS } from '../../../src/platform/config.ts'
import { lateAfterMs } from '../../../src/platform/runtimes.ts'
import { CODE_SHOWN_BYTES_MAX, CODE_SHOWN_TOTAL_MAX } from '../../../src/runtime/approval.ts'
import { WORKER_MEMORY_BYTES_MAX } from '../../../src/runtime/config.ts'
import { ASSIGNMENTS_PER_HOUR_MAX } from '../../../src/runtime/deployments/pace.ts'
import { LIBRARIES_MAX, TOTAL_BYTES_MAX } from '../../../src/runtime/libraries/libraries.ts'
import { LISTS_MAX } from '../../../src/runtime/libraries/library-contents.ts'
import { UNPACKED_BYTES_MAX } from '../../../src/runtime/libraries/package.ts'
import { PENDING_MAX } from '../../../src/runtime/link/owed.ts'
import { LOG_BYTES_MAX } from '../../../src/runtime/local-logs.ts'
import { OWED_LOG_BYTES_MAX, OWED_STATUS_BYTES_MAX } from '../../../src/runtime/open-state.ts'
import { WAITING_MAX, WORKERS_MAX } from '../../../src/runtime/policy/policy.ts'
import { PAST_VERSIONS_MAX } from '../../../src/runtime/state/assignments.ts'
import { CODE_BYTES_MAX, CODE_TOTAL_BYTES_MAX } from '../../../src/runtime/state/code-files.ts'
import { DEAD_LETTER_BYTES_MAX } from '../../../src/runtime/supervision/worker-start.ts'
import { DEPLOYMENTS_KEPT_MAX } from '../../../src/runtime/tidying.ts'
import { NONCES_PER_KEY_MAX } from '../../../src/wire/replay-window.ts'
import { at, bytes, count, type Limit, time, times } from './amounts.ts'

const LINE_BYTES = 500
const NONCE_BYTES = 100
const ENTRY_BYTES = 1_024
const CREDENTIAL_BYTES = 65_536

export const PLATFORM_LIMITS: readonly Limit[] = [
  [
    'workers',
    `${WORKERS_MAX} unless the owner’s rules say otherwise, each a process of at most ${bytes(WORKER_MEMORY_BYTES_MAX)}`,
    at('src/runtime/policy/policy.ts', 'WORKERS_MAX'),
  ],
  [
    'versions that wait for the owner',
    `${WAITING_MAX} unless the rules say otherwise`,
    at('src/runtime/policy/policy.ts', 'WAITING_MAX'),
  ],
  [
    'deployments, and past versions of each',
    `${count(DEPLOYMENTS_KEPT_MAX)}, and ${PAST_VERSIONS_MAX}`,
    at('src/runtime/tidying.ts', 'DEPLOYMENTS_KEPT_MAX'),
  ],
  [
    'code',
    `${bytes(CODE_BYTES_MAX)} of one file, ${bytes(CODE_TOTAL_BYTES_MAX)} of all`,
    at('src/runtime/state/code-files.ts', 'CODE_BYTES_MAX', 'CODE_TOTAL_BYTES_MAX'),
  ],
  [
    'code that one approval shows',
    `${bytes(CODE_SHOWN_TOTAL_MAX)}, ${bytes(CODE_SHOWN_BYTES_MAX)} of a file; the rest is said to be cut, and downloaded`,
    at('src/runtime/approval.ts', 'CODE_SHOWN_TOTAL_MAX'),
  ],
  [
    'lines of the audit trail that it causes',
    `${ASSIGNMENTS_PER_HOUR_MAX} an hour × ≈${LINE_BYTES} B × 24 h ≈ ${Math.round((ASSIGNMENTS_PER_HOUR_MAX * LINE_BYTES * 24) / 1e6)} MB a day`,
    at('src/runtime/deployments/pace.ts', 'ASSIGNMENTS_PER_HOUR_MAX'),
  ],
  [
    'messages that are remembered, so that none is taken twice',
    `${times(NONCES_PER_KEY_MAX, NONCE_BYTES)} for each known key, and for no other`,
    at('src/wire/replay-window.ts', 'NONCES_PER_KEY_MAX'),
  ],
  [
    'silence until a Runtime counts as late',
    `${time(lateAfterMs(HEARTBEAT_INTERVAL_MS))}: three heartbeats of ${time(HEARTBEAT_INTERVAL_MS)}, each up to a tenth late`,
    at('src/platform/runtimes.ts', 'lateAfterMs'),
  ],
]

export const DISK_LIMITS: readonly Limit[] = [
  ['the local log', bytes(LOG_BYTES_MAX), at('src/runtime/local-logs.ts', 'LOG_BYTES_MAX')],
  [
    'what is owed to the Platform',
    `${bytes(OWED_LOG_BYTES_MAX)} of audit logs and ${bytes(OWED_STATUS_BYTES_MAX)} of status; ${times(PENDING_MAX, ENTRY_BYTES)} not yet on the disk`,
    at('src/runtime/open-state.ts', 'OWED_LOG_BYTES_MAX', 'OWED_STATUS_BYTES_MAX'),
  ],
  [
    'refused records of one deployment',
    `${bytes(DEAD_LETTER_BYTES_MAX)}; then the flow waits for its owner`,
    at('src/runtime/supervision/worker-start.ts', 'DEAD_LETTER_BYTES_MAX'),
  ],
  [
    'libraries',
    `${count(LIBRARIES_MAX)}, ${bytes(TOTAL_BYTES_MAX)} of all; unpacked one at a time, ${bytes(UNPACKED_BYTES_MAX)} at most, to show their files, of which ${LISTS_MAX} lists are remembered`,
    at('src/runtime/libraries/libraries.ts', 'LIBRARIES_MAX', 'TOTAL_BYTES_MAX'),
  ],
  [
    'credentials',
    `${count(CREDENTIALS_MAX)} × ${bytes(CREDENTIAL_BYTES)} = ${bytes(CREDENTIALS_MAX * CREDENTIAL_BYTES)}`,
    at('src/keys/vault.ts', 'CREDENTIALS_MAX'),
  ],
  [
    'connectors of a data tenant, and runs of each that are kept',
    `${CONNECTORS_MAX}, and ${RUNS_KEPT_MAX}`,
    at('src/connectors/connector-store.ts', 'CONNECTORS_MAX', 'RUNS_KEPT_MAX'),
  ],
  [
    'pulls at once, and what one holds',
    `${RUNS_AT_ONCE}, each a process of at most ${bytes(CONNECTOR_MEMORY_BYTES_MAX)}; an answer of a site ${bytes(ANSWER_BYTES_MAX)}, within ${time(ANSWER_MS_MAX)}`,
    at('src/connectors/connector-desk.ts', 'RUNS_AT_ONCE'),
  ],
  [
    'records that a connector remembers around its cursor, and how deep an answer may nest',
    `${count(SEEN_MAX)}, and ${JSON_DEPTH_MAX}`,
    at('src/connectors/http/seen.ts', 'SEEN_MAX'),
  ],
]
