import { expect, test } from 'bun:test'
import { base64url } from '../../src/base/mod.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

function head(count: number, hash = 'a') {
  return { count, hash: hash.repeat(64), signature: base64url(new Uint8Array(64)) }
}

async function enrolled() {
  const host = await PlatformHost.start()
  const runtime = await ScriptedRuntime.start('factory-01')
  await runtime.enrol((await host.enrolmentCode()).code)
  const close = async () => {
    await runtime[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  }
  const view = async () => (await host.api('GET', '/v1/runtimes/factory-01')).body
  const recorded = async () => {
    const { entries } = (await host.api('GET', '/v1/audit?limit=100')).body as { entries: { action: string }[] }
    return entries.filter(({ action }) => action === 'runtime.trail_went_back')
  }
  return { host, runtime, view, recorded, [Symbol.asyncDispose]: close }
}

test('a Runtime whose trail grows, or stays as it is, is not talked about', async () => {
  await using made = await enrolled()
  for (const trail of [head(3), head(3), head(4, 'b'), head(90, 'c')]) await made.runtime.heartbeat({ trail })
  expect(await made.view()).toMatchObject({ trail: { count: 90, hash: 'c'.repeat(64) } })
  expect(await made.view()).not.toHaveProperty('trailWentBack')
  expect(await made.recorded()).toEqual([])
})

test('a trail that tells less than it had told is shown, and stays shown, and stands in the tenant’s own trail', async () => {
  await using made = await enrolled()
  for (const trail of [head(9, 'a'), head(4, 'b'), head(5, 'c')]) await made.runtime.heartbeat({ trail })
  expect(await made.view()).toMatchObject({
    trail: { count: 5 },
    trailWentBack: { from: { count: 9, hash: 'a'.repeat(64) }, to: { count: 4, hash: 'b'.repeat(64) } },
  })
  expect(await made.recorded()).toMatchObject([{ detail: { fromCount: 9, toCount: 4 } }])
})

test('as many entries with another hash are another history', async () => {
  await using made = await enrolled()
  for (const trail of [head(9, 'a'), head(9, 'b')]) await made.runtime.heartbeat({ trail })
  expect(await made.view()).toMatchObject({ trailWentBack: { from: { count: 9 }, to: { count: 9 } } })
  expect(await made.recorded()).toHaveLength(1)
})

test('two that tell their heads in turn do not fill the trail with it', async () => {
  await using made = await enrolled()
  for (const trail of [head(9, 'a'), head(4, 'b'), head(9, 'a'), head(4, 'b'), head(9, 'a')])
    await made.runtime.heartbeat({ trail })
  expect(await made.recorded()).toHaveLength(1)
})
