import { expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codeOf, describeError, systemClock } from '../../../src/base/mod.ts'
import { post } from '../../../src/runtime/telemetry/collector.ts'
import { openOtlpTarget } from '../../../src/runtime/telemetry/target.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error) => error,
  )
}

test('the endpoint is https, or this machine itself, and holds no secret', async () => {
  for (const endpoint of [
    'https://collector.example',
    'https://c.example:4318/base/',
    'http://localhost:4318',
    'http://127.0.0.9',
    'http://[::1]:4318',
  ])
    expect((await openOtlpTarget({ endpoint })).endpoint).toBe(endpoint.replace(/\/$/, ''))
  const wrong = [
    ...[
      'http://collector.example',
      'http://localhost.example',
      'http://10.0.0.1',
      'http://0.0.0.0',
      'ftp://localhost',
      'collector:4318',
      '',
    ],
    ...['https://user:canary@c.example', 'https://c.example/?key=canary', 'https://c.example/#canary'],
  ]
  for (const endpoint of wrong) {
    const refusal = await failureOf(openOtlpTarget({ endpoint }))
    expect([endpoint, codeOf(refusal)]).toEqual([endpoint, 'otlp.setting_invalid'])
    expect(describeError(refusal)).not.toContain('canary')
  }
})

test('headers are read of a file that nobody else may read; a line that is none is named by its number alone', async () => {
  using folder = temporaryFolder()
  const headersFile = folder.file('headers')
  const open = (text: string, mode = 0o600) => {
    writeFileSync(headersFile, text)
    chmodSync(headersFile, mode)
    return openOtlpTarget({ endpoint: 'https://c.example', headersFile })
  }
  expect((await open('Authorization: Bearer a:b c\r\n\nx-scope:1\n')).headers).toEqual({
    authorization: 'Bearer a:b c',
    'x-scope': '1',
  })
  const wrong = [
    'canary',
    'a: canary\u0001',
    'a: canary\nb c: d',
    'canary:',
    'content-type: canary',
    'Host: canary',
    `a: ${'c'.repeat(4_096)}`,
  ]
  for (const text of [...wrong, Array.from({ length: 33 }, (_, index) => `h${index}: canary`).join('\n')]) {
    const refusal = await failureOf(open(text))
    expect([text, codeOf(refusal)]).toEqual([text, 'otlp.setting_invalid'])
    expect(describeError(refusal)).not.toMatch(/canary|ccc/)
  }
  expect(await refusalOf(() => open('a: b', 0o640))).toBe('otlp.setting_invalid')
  expect(
    await refusalOf(() => openOtlpTarget({ endpoint: 'https://c.example', headersFile: folder.file('none') })),
  ).toBe('host.file_missing')
})

test('a collector on this machine is asked without TLS, and its answer is bounded in bytes', async () => {
  const asked: string[] = []
  let answer = '{"partialSuccess":{"rejectedDataPoints":"4"}}'
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-key']} ${request.headers['content-type']}`)
    response.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const target = { endpoint: `http://localhost:${port}`, headers: { 'x-key': 'k' }, ca: [] }
    const deps = { target, clock: systemClock, signal: new AbortController().signal }
    expect(await post(deps, 'metrics', {})).toBe(4)
    expect(asked).toEqual(['POST /v1/metrics k application/json'])
    answer = 'not JSON'
    expect(await post(deps, 'metrics', {})).toBe(0)
    answer = 'x'.repeat(65_537)
    expect(await refusalOf(() => post(deps, 'metrics', {}))).toBe('host.answer_too_large')
    expect(await refusalOf(() => post({ ...deps, signal: AbortSignal.abort() }, 'metrics', {}))).toBe(
      'internal.cancelled',
    )
  } finally {
    server.close()
  }
})
