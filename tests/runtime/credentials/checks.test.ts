import { describe, expect, test } from 'bun:test'
import { Checks } from '../../../src/runtime/credentials/checks.ts'
import type { WorkerHandlers, WorkerProcess } from '../../../src/runtime/supervision/worker-process.ts'
import { WorkerSilent } from '../../../src/wire/mod.ts'
import { refusalOf } from '../../support/refusal.ts'

type Fake = { handlers: WorkerHandlers; killed: string[]; answer: ReturnType<typeof Promise.withResolvers<object>> }

function open() {
  const workers: Fake[] = []
  const checks = new Checks({
    ...{ files: '/files', closed: '/data', roots: () => undefined },
    credential: async (name) => ({ password: `of ${name}` }),
    launch: (handlers) => {
      const fake: Fake = { handlers, killed: [], answer: Promise.withResolvers<object>() }
      workers.push(fake)
      const worker: Partial<WorkerProcess> = {
        pid: 1,
        ask: (() => fake.answer.promise) as never,
        kill: (signal) => void fake.killed.push(signal),
      }
      return worker as WorkerProcess
    },
  })
  return { checks, workers }
}

const component = { name: 'warehouse', type: 'table', from: [], config: {} } as never

describe('a check', () => {
  test('ends its process, however it went', async () => {
    const { checks, workers } = open()
    const good = checks.run(component, new Set())
    workers[0]?.answer.resolve({})
    expect(await good).toBeUndefined()
    const bad = checks.run(component, new Set())
    workers[1]?.answer.resolve({ failure: { code: 'libsql_table.wrong_key' } })
    expect(await bad).toEqual({ code: 'libsql_table.wrong_key' })
    const silent = checks.run(component, new Set())
    workers[2]?.answer.reject(new WorkerSilent('20 s'))
    expect(await silent).toEqual({ code: 'worker.silent' })
    expect(workers.map(({ killed }) => killed)).toEqual([['SIGKILL'], ['SIGKILL'], ['SIGKILL']])
  })

  test('is lent the credentials of its component and answers nothing else that a worker may ask', async () => {
    const { checks, workers } = open()
    const running = checks.run(component, new Set(['warehouse']))
    const answers = workers[0]?.handlers.answers
    expect(await answers?.credential({ credential: 'warehouse' })).toEqual({ secret: { password: 'of warehouse' } })
    for (const ask of [
      () => answers?.credential({ credential: 'another' }),
      () => answers?.['checkpoints-load']({ component: 'warehouse' }),
      () => answers?.['checkpoints-save']({ component: 'warehouse', positions: [] as never }),
      () => answers?.['checkpoints-forget']({ component: 'warehouse', partitions: [] }),
      () => answers?.['handshake-begin']({ bridge: 'br_x' as never }),
      () => answers?.['handshake-answer']({ bridge: 'br_x' as never, message: '' }),
      () => answers?.['handshake-finish']({ session: 'x', message: '' }),
    ]) {
      expect(await refusalOf(ask)).toBe('worker.forbidden')
    }
    workers[0]?.answer.resolve({})
    await running
  })

  test('two run at once, 32 wait, and the next is refused', async () => {
    const { checks, workers } = open()
    const running = Array.from({ length: 34 }, () => checks.run(component, new Set()))
    expect(workers).toHaveLength(2)
    expect(await refusalOf(() => checks.run(component, new Set()))).toBe('credential.checks_busy')
    for (let done = 0; done < 34; done++) {
      workers[done]?.answer.resolve({})
      await running[done]
    }
    expect(workers).toHaveLength(34)
  })
})
