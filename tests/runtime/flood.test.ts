import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { MEMORY_MIB_MAX } from '../../scripts/bench/flood-goals.ts'
import { FREE_ATTEMPTS_ADDRESS } from '../../src/accounts/lockout.ts'
import { lateAfterMs } from '../../src/platform/runtimes.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { describeSlow } from '../support/quick.ts'
import { AMONG_THEM, ELSEWHERE, type Flood, type FloodSite, floodSite } from '../support/runtime/flood-site.ts'
import type { Visitor } from '../support/runtime/flood-visitor.ts'
import type { Seen } from '../support/runtime/flood-watch.ts'

// What it costs in time is measured by `npm run bench -- flood`; here it is whether anything is lost, and whether people get in.
setDefaultTimeout(400_000)

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** More names than are remembered; the bench tries 100,000. */
const LOGINS = 20_000
/** Three seconds, so that a machine that does much else beside gets its ten until a Runtime counts as late. */
const HEARTBEAT_INTERVAL_MS = 3_000

describeSlow(
  'strangers flood a Runtime: no heartbeat is missed, no row is lost, memory is bounded, people get in',
  () => {
    let folder: TemporaryFolder
    let site: FloodSite
    /** Browsers in which the owner has signed in before, and with a session. */
    let elsewhere: Visitor
    let among: Visitor

    beforeAll(async () => {
      folder = temporaryFolder()
      const command = [process.execPath, MAIN] as const
      const rows = 8_000_000
      site = await floodSite({ folder: folder.path, command, rows, heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS })
      ;[elsewhere, among] = [site.visitor(ELSEWHERE), site.visitor(AMONG_THEM)]
      for (const visitor of [elsewhere, among]) expect((await visitor.signIn()).status).toBe(303)
    })
    afterAll(async () => {
      await site?.[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    })

    async function flooded(flood: Flood): Promise<Seen & { outcome: Record<string, number> }> {
      const flooding = site.flood(flood)
      const seen = await site.watch(flooding, {
        'by session': () => elsewhere.open('/'),
        'by session, among them': () => among.open('/'),
        'by password, in any browser': () => site.visitor(ELSEWHERE).comeAndGo(),
        'by password, among them': () => among.comeAndGo(),
      })
      return { ...seen, outcome: await flooding }
    }

    function expectUnharmed({ beatGapsMs, rssBytes, rows, answers }: Seen): void {
      expect(Math.max(...beatGapsMs)).toBeLessThan(lateAfterMs(HEARTBEAT_INTERVAL_MS))
      expect(rssBytes / 1_048_576).toBeLessThan(MEMORY_MIB_MAX)
      expect(rows).toBeGreaterThan(0)
      for (const [what, answered] of Object.entries(answers)) {
        const due = what.startsWith('by session') ? 200 : 303
        expect([what, ...new Set(answered.map(({ status }) => status))]).toEqual([what, due])
      }
    }

    test('10,000 connections that say nothing, from forty addresses', async () => {
      const seen = await flooded({ mode: 'connections', count: 10_000, addresses: 40, limitMs: 20_000 })
      expect(seen.outcome['opened']).toBeGreaterThanOrEqual(10_000)
      expectUnharmed(seen)
    })

    test('slow senders', async () => {
      expectUnharmed(await flooded({ mode: 'slow', count: 1_500, addresses: 10, limitMs: 8_000 }))
    })

    test('bodies of 1 GiB', async () => {
      const seen = await flooded({ mode: 'bodies', count: 40, addresses: 4, limitMs: 8_000 })
      expect(seen.outcome['200'] ?? 0).toBe(0)
      expectUnharmed(seen)
    })

    test('requests by the thousand on each of 200 connections', async () => {
      const seen = await flooded({ mode: 'pipelined', count: 200, addresses: 4, limitMs: 8_000 })
      expect(seen.outcome['sent']).toBeGreaterThan(0)
      expectUnharmed(seen)
    })

    test(`${LOGINS} wrong passwords from four addresses`, async () => {
      const flood = { mode: 'logins', count: LOGINS, addresses: 4, lanes: 64, limitMs: 300_000 } as const
      const { outcome, ...seen } = await flooded(flood)
      const { '429': told = 0, '401': wrong = 0, tookMs: _took, ...others } = outcome
      expect(others).toEqual({})
      expect(told + wrong).toBe(LOGINS)
      // Beyond those that are free nobody's password is checked.
      expect(wrong).toBeLessThan(4 * FREE_ATTEMPTS_ADDRESS + 100)
      expectUnharmed(seen)
    })

    test('wrong passwords from 250 addresses, more than can be checked', async () => {
      const seen = await flooded({ mode: 'logins', count: 1_000_000, addresses: 250, lanes: 250, limitMs: 20_000 })
      expect(seen.outcome['503']).toBeGreaterThan(0)
      expect(seen.outcome['303'] ?? 0).toBe(0)
      expectUnharmed(seen)
    })

    test('of the rows that were moved meanwhile none is lost and none is double', async () => {
      const { count, last, sum } = await site.stopped()
      expect(last).toBe(count - 1)
      expect(sum).toBe((count * last) / 2)
    })
  },
)
