import { afterAll, beforeAll, expect, test } from 'bun:test'
import { decodeEnrolmentCode, encodeEnrolmentCode } from '../../src/wire/mod.ts'
import { type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { describeSlow } from '../support/quick.ts'

describeSlow('enrolment by the command', () => {
  let world: World
  let first: RuntimeServer
  let second: RuntimeServer

  beforeAll(async () => {
    world = new World()
    await world.startPlatform()
    first = await world.startRuntime('first')
    second = await world.startRuntime('second')
  }, TEST_MS)
  afterAll(() => world[Symbol.asyncDispose](), TEST_MS)

  async function makeCode(...words: string[]): Promise<{ id: string; code: string; expires: string }> {
    const made = await sluice(['enrolment-code', 'create', '--at', world.platform.data, '--json', ...words])
    expect(made).toMatchObject({ exit: 0, err: '' })
    return JSON.parse(made.out)
  }

  function enrolAt(runtime: RuntimeServer, code: string) {
    return sluice(['runtime', 'enrol', code, '--at', runtime.data])
  }

  /** Names of the Runtimes that the Platform knows, and what the second one says of its enrolment. */
  async function registered(): Promise<{ known: string[]; second: string }> {
    const platform = await sluice(['status', '--at', world.platform.data, '--json'])
    const runtime = await sluice(['status', '--at', second.data, '--json'])
    const { runtimes } = JSON.parse(platform.out) as { runtimes: { name: string }[] }
    return { known: runtimes.map(({ name }) => name), second: JSON.parse(runtime.out).platform.state }
  }

  test(
    'runtime enrol refuses a code that is none, cut off, or changed, and registers nothing',
    async () => {
      const { code } = await makeCode()
      for (const malformed of ['nonsense', code.slice(0, -20)]) {
        const refused = await enrolAt(second, malformed)
        expect(refused).toMatchObject({ exit: 2, out: '' })
        expect(refused.err).toMatch(/^enrolment_code\.malformed: .+\n$/)
      }
      const decoded = decodeEnrolmentCode(code)
      const secret = `${decoded.secret.startsWith('A') ? 'B' : 'A'}${decoded.secret.slice(1)}`
      const refused = await enrolAt(second, encodeEnrolmentCode({ ...decoded, secret }))
      expect(refused).toMatchObject({ exit: 3, out: '' })
      expect(refused.err).toMatch(/^enrolment\.refused: .+\n$/)
      expect(await registered()).toEqual({ known: [], second: 'none' })
    },
    TEST_MS,
  )

  test(
    'a code enrols one Runtime; the second is told that it was used, and that a revoked one does not hold',
    async () => {
      const { id, code } = await makeCode()
      expect(await enrolAt(first, code)).toMatchObject({ exit: 0, err: '' })
      const used = await enrolAt(second, code)
      expect(used).toMatchObject({ exit: 5, out: '' })
      expect(used.err).toMatch(/^enrolment_code\.used: .+\n$/)
      const list = await sluice(['enrolment-code', 'list', '--at', world.platform.data])
      expect(list.out).toMatch(new RegExp(`^${id} +used `, 'm'))
      const other = await makeCode()
      expect(await sluice(['enrolment-code', 'revoke', other.id, '--at', world.platform.data])).toMatchObject({
        exit: 0,
      })
      expect((await enrolAt(second, other.code)).err).toMatch(/^enrolment_code\.expired: .+\n$/)
      await world.until('the first heartbeat', async () => ((await registered()).known.length > 0 ? true : undefined))
      expect(await registered()).toEqual({ known: ['first'], second: 'none' })
      const again = await enrolAt(first, (await makeCode()).code)
      expect(again.exit).toBe(5)
      expect(again.err).toMatch(/^enrolment\.exists: .+\n$/)
    },
    TEST_MS,
  )

  test(
    'a code whose time is over enrols nobody',
    async () => {
      const decoded = decodeEnrolmentCode((await makeCode('--expires-in', '1m')).code)
      expect(Date.parse(decoded.expires) - Date.now()).toBeWithin(0, 60_001)
      const refused = await enrolAt(second, encodeEnrolmentCode({ ...decoded, expires: '2020-01-01T00:00:00.000Z' }))
      expect(refused).toMatchObject({ exit: 2, out: '' })
      expect(refused.err).toMatch(/^enrolment\.expired: the code expired at .+ Make a new code on the Platform.*\n$/)
      expect((await registered()).second).toBe('none')
    },
    TEST_MS,
  )
})
