import { expect, setDefaultTimeout } from 'bun:test'
import { logOf, systemClock, systemRandom } from '../../src/base/mod.ts'
import { RetentionLooks } from '../../src/datasets/mod.ts'
import type { DataProcess } from '../../src/datasets/worker/data-process.ts'
import { openConnectors } from '../../src/runtime/connectors/open-connectors.ts'
import type { DataTenantId } from '../../src/wire/mod.ts'
import { DataHost, dataWorkerEntry } from '../support/datasets/data-host.ts'
import { slowTest } from '../support/quick.ts'

// Some hundred datasets are made on a machine that others use as well.
setDefaultTimeout(120_000)

const HOUR_MS = 3_600_000
const IDLE_TENANTS = 24
const DATASETS_OF_EACH = 10
const days = (count: number | null) => ({ recordsDays: count, documentsDays: null })

slowTest(
  'tenants that nobody uses stay closed, whatever looks regularly; only what keeps nothing for ever is opened, once a day',
  async () => {
    const opened: string[] = []
    const around = (made: DataProcess): DataProcess => ({
      ...made,
      ask(what, body) {
        if (what === 'open' && 'tenant' in body) opened.push(String(body.tenant))
        return made.ask(what, body)
      },
    })
    const clock = { ...systemClock, aheadMs: 0, now: () => systemClock.now() + clock.aheadMs }
    await using host = await DataHost.open({ around, clock })
    const made = async (name: string, recordsDays: number | null = null): Promise<DataTenantId> => {
      const { id, data } = await host.tenant(name)
      for (let n = 0; n < DATASETS_OF_EACH; n++) {
        const dataset = await data.createDataset({ name: `rows${n}`, shape: n === 0 ? 'issues' : 'table' })
        if (n === 0) await data.setSearch(dataset.id, ['summary'])
        if (n === 0 && recordsDays !== null) await data.setRetention(dataset.id, days(recordsDays))
      }
      return id
    }
    const keeping = await made('keeping', 30)
    const lifted = await made('lifted', 30)
    const [first] = await host.desk.of(lifted).datasets()
    if (first) await host.desk.of(lifted).setRetention(first.id, days(null))
    for (let n = 0; n < IDLE_TENANTS; n++) await made(`idle${n}`)
    let kept: unknown
    const keptOf = {
      get: async () => kept,
      async set(value: unknown) {
        kept = value
      },
    }
    const never = () => Promise.reject(new Error('nothing is due'))
    /** Of another start, with all that looks by itself; gives whom it has opened. */
    const aDay = async (): Promise<string[]> => {
      await host.restart()
      opened.length = 0
      const { signal } = new AbortController()
      const looks = new RetentionLooks({ datasets: host.desk, kept: keptOf, clock, log: logOf('test'), signal })
      const connectors = await openConnectors({
        ...{ db: host.db, datasets: host.desk, vault: { find: never, use: never }, rules: { policy: {} as never } },
        ...{ worker: { entry: dataWorkerEntry }, clock, random: systemRandom },
      })
      for (let hour = 0; hour < 25; hour++) {
        clock.aheadMs += HOUR_MS
        await looks.look()
        await connectors.tick()
      }
      await connectors.close()
      return [...new Set(opened)]
    }
    expect((await aDay()).sort()).toEqual([keeping, lifted].sort())
    expect(await aDay()).toEqual([keeping])
  },
)
