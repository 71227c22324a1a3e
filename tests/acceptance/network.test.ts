import { expect } from 'bun:test'
import { TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { slowTest } from '../support/quick.ts'

slowTest(
  'the owner lists, adds and takes off networks by the command; what is no network is named',
  async () => {
    await using world = new World()
    const { data } = await world.startRuntime('factory-01')
    const network = (...words: string[]) => sluice(['network', ...words, '--at', data])
    const kept = async () => JSON.parse((await network('list', '--json')).out)
    // Free ones were taken: the list names those, and not what they would be by default.
    const { management, bridges } = (await kept()).ports
    const listed = await network('list')
    expect(listed).toMatchObject({ exit: 0, err: '' })
    expect(listed.out).toMatch(new RegExp(`management +${management} +everyone`))
    expect(listed.out).not.toMatch(/\b(8752|32100)\b/)
    const allowed = await network('allow', '10.1.2.3/8')
    expect(allowed.out).toMatch(new RegExp(`management +${management} +10\\.0\\.0\\.0/8 +20`))
    const second = await network('allow', '2001:db8::/32', '--of', 'bridges')
    expect(second.out).toMatch(new RegExp(`bridges +${bridges} +2001:db8::/32`))
    expect((await network('allow', 'example.org')).err).toMatch(/^network\.malformed: .*192\.0\.2\.7/)
    expect((await network('remove', '192.0.2.0/24')).err).toMatch(/^network\.not_listed: /)
    expect((await network('remove', '10.0.0.0/8')).out).toMatch(new RegExp(`management +${management} +everyone`))
    expect((await kept()).bridges.entries).toMatchObject([{ network: '2001:db8::/32' }])
  },
  TEST_MS,
)
