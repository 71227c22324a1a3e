import { expect, test } from 'bun:test'
import { base64url, utf8 } from '../../src/base/mod.ts'
import { CredentialNotFound } from '../../src/keys/mod.ts'
import { REPLY_MAX_MS } from '../../src/runtime/supervision/worker-process.ts'
import {
  type Answers,
  type Channel,
  createChannel,
  MainNews,
  mainAsks,
  WorkerNews,
  workerAsks,
} from '../../src/wire/mod.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { refusalOf } from '../support/refusal.ts'
import { settled } from '../support/runtime/fake-worker.ts'

/** Both ends in one process; what passes is JSON, as over a real channel. */
function joined(answers: Partial<Answers<typeof workerAsks>>) {
  const broken: string[] = []
  const news: WorkerNews[] = []
  const main: Channel<typeof mainAsks> = createChannel({
    send: async (frame) => worker.receive(JSON.parse(JSON.stringify(frame))),
    ...{ asks: mainAsks, answered: workerAsks, answers: answers as Answers<typeof workerAsks> },
    ...{ news: WorkerNews, onNews: (one: WorkerNews) => void news.push(one), onBroken: () => void broken.push('main') },
  })
  const worker: Channel<typeof workerAsks> = createChannel({
    send: async (frame) => main.receive(JSON.parse(JSON.stringify(frame))),
    ...{ asks: workerAsks, answered: mainAsks, answers: {} as Answers<typeof mainAsks> },
    ...{ news: MainNews, onNews: () => undefined, onBroken: () => void broken.push('worker') },
  })
  return { main, worker, broken, news }
}

test('a question gets its own answer, however many are open', async () => {
  const { worker } = joined({
    'checkpoints-load': async ({ component }) => {
      if (component === 'slow') await settled()
      return { positions: [[component, 1]] }
    },
  })
  const [slow, quick] = await Promise.all([
    worker.ask('checkpoints-load', { component: 'slow' }),
    worker.ask('checkpoints-load', { component: 'quick' }),
  ])
  expect([slow.positions, quick.positions]).toEqual([[['slow', 1]], [['quick', 1]]])
})

test('a failure crosses with its code, and nothing that we did not name ourselves', async () => {
  const { worker } = joined({
    credential: async () => {
      throw new CredentialNotFound('there is none')
    },
    'checkpoints-load': async () => {
      throw new Error('SELECT secret FROM rows')
    },
  })
  expect(await refusalOf(() => worker.ask('credential', { credential: 'warehouse' }))).toBe('credential.not_found')
  const failure = await worker.ask('checkpoints-load', { component: 'orders' }).catch((error: Error) => error)
  expect(failure).toMatchObject({ code: 'internal.unexpected', message: 'an unexpected failure' })
})

test('a worker’s question of another form is refused before anyone answers it', async () => {
  let answered = 0
  const { worker } = joined({
    credential: async () => {
      answered++
      return { secret: {} }
    },
  })
  const odd = { credential: '../../etc' } as never
  expect(await refusalOf(() => worker.ask('credential', odd))).toBe('worker.channel_broken')
  expect(await refusalOf(() => worker.ask('toString' as never, {} as never))).toBe('worker.channel_broken')
  expect(answered).toBe(0)
})

test('frames and news that do not parse break the channel', () => {
  const { main, broken } = joined({})
  main.receive({ frame: 'news', body: { news: 'log', entry: { level: 'info', template: 'free text!', fields: {} } } })
  main.receive({ frame: 'nonsense' })
  main.receive('text')
  expect(broken).toEqual(['main', 'main', 'main'])
})

test('a log entry of a worker has no room for free text', () => {
  const { main, broken, news } = joined({})
  const entry = { level: 'info', template: 'source.opened', fields: { rows: 1 } } as const
  main.receive({ frame: 'news', body: { news: 'log', entry } })
  expect(news).toHaveLength(1)
  main.receive({ frame: 'news', body: { news: 'log', entry: { ...entry, fields: { text: 'Some customer' } } } })
  expect(broken).toEqual(['main'])
})

test('a worker cannot log in the name of another deployment, or at another time: the Runtime says whose it is and when', () => {
  const entry = { level: 'info', template: 'source.opened', fields: {} } as const
  for (const more of [{ deployment: 'dep_01890000-0000-7000-8000-00000000000f' }, { at: '2020-01-01T00:00:00Z' }]) {
    const { main, broken, news } = joined({})
    main.receive({ frame: 'news', body: { news: 'log', entry: { ...entry, ...more } } })
    expect([broken, news]).toEqual([['main'], []])
  }
})

test('close() fails what is open and what comes after', async () => {
  const { worker } = joined({ 'checkpoints-load': () => new Promise(() => undefined) })
  const open = refusalOf(() => worker.ask('checkpoints-load', { component: 'orders' }))
  await settled()
  worker.close()
  expect(await open).toBe('worker.gone')
  expect(await refusalOf(() => worker.ask('checkpoints-load', { component: 'orders' }))).toBe('worker.gone')
})

test('an answer that nobody waits for any more does no harm', () => {
  const { main, broken } = joined({})
  main.receive({ frame: 'reply', re: 99, body: base64url(utf8('late')) })
  expect(broken).toEqual([])
})

test('a question that the other end does not answer in time fails by name, and holds nothing else up', async () => {
  const clock = new ManualClock()
  const frames: unknown[] = []
  const main = createChannel({
    send: async (frame) => void frames.push(frame),
    ...{ asks: mainAsks, answered: workerAsks, answers: {} as Answers<typeof workerAsks>, news: WorkerNews },
    ...{ onNews: () => undefined, onBroken: () => undefined, deadline: { clock, ms: REPLY_MAX_MS } },
  })
  const listed = refusalOf(() => main.ask('dead-letters-list', { from: 1, limit: 0 }))
  const drained = main.ask('drain', { why: 'stopped' })
  clock.advance(REPLY_MAX_MS['dead-letters-list'])
  expect(await listed).toBe('worker.silent')
  main.receive({ frame: 'reply', re: 1, body: { letters: [], first: 1, next: 1 } })
  main.receive({ frame: 'reply', re: 2, body: {} })
  expect(await drained).toEqual({})
  await settled()
  expect(clock.sleeping).toBe(0)
})
