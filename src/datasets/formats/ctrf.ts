/** CTRF, the Common Test Report Format (https://ctrf.io): `results.tests` of a JSON document, test by test. */
import { type Item, type Json, quoted, refusedItem } from './item.ts'
import { RICH_ELEMENT_BYTES_MAX, readJsonShape } from './json-items.ts'
import { textOf } from './json-record.ts'
import { SUITES_JOINED_BY, type TestResult, type TestStatus, testResultItems } from './test-result.ts'
import { instantOf, instantOfEpoch } from './times.ts'

/** `pending` is a test that is there and was not run; `other` one whose outcome its tool has no better word for. */
const STATUSES: ReadonlyMap<Json | undefined, TestStatus> = new Map([
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['skipped', 'skipped'],
  ['pending', 'skipped'],
  ['other', 'error'],
])

/** What has a field of its own in a result, and what is content or judgement rather than a property: pictures, other runs' figures. */
const NOT_PROPERTIES = new Set(
  ['name', 'status', 'duration', 'start', 'suite', 'message', 'trace', 'filePath', 'line', 'retries', 'flaky'].concat([
    'stdout',
    'stderr',
    'screenshot',
    'insights',
  ]),
)

/**
 * The results in a CTRF document in UTF-8. Fails as `readJsonShape` does; `document.unexpected` when there is no `results.tests`.
 */
export function readCtrf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  return readJsonShape(bytes, {
    use(path, opens) {
      if (opens === '{') return path.length === 0 || (path.length === 1 && path[0] === 'results') ? 'enter' : 'pass'
      return path.length === 2 && path[0] === 'results' && path[1] === 'tests' ? 'items' : 'pass'
    },
    expected: 'an object with an array `results.tests`, as CTRF has it',
    elementBytesMax: RICH_ELEMENT_BYTES_MAX,
    itemsOf: resultItems,
  })
}

type CtrfTest = Readonly<Record<string, Json>>

function resultItems(line: number, test: CtrfTest): Item[] {
  const status = STATUSES.get(test['status'])
  if (!status) {
    const found = typeof test['status'] === 'string' ? quoted(test['status']) : 'none'
    return [refusedItem(line, `expected a status of passed, failed, skipped, pending or other, found ${found}`)]
  }
  const result: TestResult = {
    suite: suiteOf(test['suite']),
    class: null,
    name: textOf(test['name']) ?? '',
    status,
    duration_ms: countOf(test['duration']),
    message: textOf(test['message']),
    details: textOf(test['trace']),
    file: textOf(test['filePath']),
    line: countOf(test['line']),
    started_at: startOf(test['start']),
    retries: countOf(test['retries']) ?? 0,
    flaky: test['flaky'] === true,
    properties: propertiesOf(test),
  }
  const [stdout, stderr] = [outputOf(test['stdout']), outputOf(test['stderr'])]
  if (stdout) result.stdout = stdout
  if (stderr) result.stderr = stderr
  return testResultItems(line, result, [])
}

/** Before 0.0.10 of the format one text, since then the names from the outermost on. */
function suiteOf(suite: Json | undefined): string | null {
  if (!Array.isArray(suite)) return textOf(suite)
  return suite.filter((name) => typeof name === 'string' && name !== '').join(SUITES_JOINED_BY) || null
}

function startOf(start: Json | undefined): string | null {
  if (typeof start === 'number') return instantOfEpoch(start) ?? null
  return typeof start === 'string' ? (instantOf(start) ?? null) : null
}

function outputOf(output: Json | undefined): string {
  if (Array.isArray(output)) return output.filter((part) => typeof part === 'string').join('\n')
  return textOf(output) ?? ''
}

/** A figure of which a few digits more are written than a number keeps comes as text; what it measures does not need them. */
function countOf(value: Json | undefined): number | null {
  const count = typeof value === 'string' && /^\d/.test(value) ? Number(value) : value
  return typeof count === 'number' && count >= 0 && Number.isFinite(count) ? count : null
}

function propertiesOf(test: CtrfTest): TestResult['properties'] {
  return Object.fromEntries(Object.entries(test).filter(([name, value]) => !NOT_PROPERTIES.has(name) && value !== null))
}
