/** CTRF as its specification and its reporters have it. */
import { expect, test } from 'bun:test'
import { read, recordsOf, told } from '../../support/datasets/documents.ts'

function report(tests: object[]): string {
  return JSON.stringify(
    {
      reportFormat: 'CTRF',
      specVersion: '1.0.0',
      results: {
        tool: { name: 'playwright', extra: { tests: ['not these'] } },
        summary: { tests: tests.length, passed: 1, failed: 0, pending: 0, skipped: 0, other: 0, start: 1, stop: 2 },
        tests,
        environment: { appName: 'shop', branchName: 'main' },
      },
      insights: { runsAnalyzed: 10 },
    },
    null,
    2,
  )
}

test('a test has its suites joined, times in UTC, outputs as one text, and everything else as properties', async () => {
  const document = report([
    {
      id: '550e8400-e29b-41d4-a716-446655440000',
      name: 'checks out',
      status: 'failed',
      duration: 5_200.5,
      start: 1_767_225_600_000,
      stop: 1_767_225_605_200,
      suite: ['Checkout', 'Card'],
      type: 'e2e',
      tags: ['smoke'],
      filePath: 'tests/checkout.ts',
      line: 42,
      message: 'no button',
      trace: 'at checkout.ts:42',
      rawStatus: 'timedOut',
      browser: 'chromium',
      stdout: ['one', 'two'],
      stderr: ['three'],
      retries: 2,
      flaky: false,
      screenshot: 'iVBORw0KGgo=',
      parameters: { role: 'admin' },
      extra: null,
    },
    { name: 'old form', status: 'passed', duration: 3, suite: 'a > b', start: 1_767_225_600, flaky: true, retries: 1 },
  ])
  expect(await recordsOf('ctrf', document)).toEqual([
    {
      suite: 'Checkout > Card',
      class: null,
      name: 'checks out',
      status: 'failed',
      duration_ms: 5_200.5,
      message: 'no button',
      details: 'at checkout.ts:42',
      file: 'tests/checkout.ts',
      line: 42,
      started_at: '2026-01-01T00:00:00.000Z',
      retries: 2,
      flaky: false,
      properties: {
        id: '550e8400-e29b-41d4-a716-446655440000',
        stop: 1_767_225_605_200,
        type: 'e2e',
        tags: ['smoke'],
        rawStatus: 'timedOut',
        browser: 'chromium',
        parameters: { role: 'admin' },
      },
      stdout: 'one\ntwo',
      stderr: 'three',
    },
    {
      suite: 'a > b',
      class: null,
      name: 'old form',
      status: 'passed',
      duration_ms: 3,
      message: null,
      details: null,
      file: null,
      line: null,
      started_at: '2026-01-01T00:00:00.000Z',
      retries: 1,
      flaky: true,
      properties: {},
    },
  ])
})

test('pending is skipped, other is error; a status or name that is none refuses the test with its line', async () => {
  const tests = ['passed', 'skipped', 'pending', 'other'].map((status) => ({ name: status, status, duration: 0 }))
  const records = await recordsOf('ctrf', report(tests))
  expect(records.map((record) => 'status' in record && record.status)).toEqual([
    'passed',
    'skipped',
    'skipped',
    'error',
  ])
  const { items, failure } = await read(
    'ctrf',
    '{"results":{"tool":{},"tests":[\n{"name":"a","status":"ok"},\n{"status":"passed"},\n7,{"name":"b"}]}}',
  )
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '2 refused: expected a status of passed, failed, skipped, pending or other, found `ok`',
    '3 refused: a test without a name; expected one',
    '4 refused: expected a JSON object, found a number',
    '4 refused: expected a status of passed, failed, skipped, pending or other, found none',
  ])
})

test('a test of several megabytes is read; its picture is not kept', async () => {
  const [record] = await recordsOf('ctrf', report([{ name: 'a', status: 'passed', screenshot: 'A'.repeat(3_000_000) }]))
  expect(record).toMatchObject({ name: 'a', properties: {} })
})

test('a document without `results.tests` is refused, and says what was expected', async () => {
  for (const document of ['{"results":{"tool":{"name":"x"}}}', '{"tests":[]}', '[]', '{"results":[{"tests":[]}]}'])
    expect((await read('ctrf', document)).failure).toBe(
      'document.unexpected: line 1: expected an object with an array `results.tests`, as CTRF has it, found none',
    )
})
