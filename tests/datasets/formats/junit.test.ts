/** JUnit XML as the tools write it: each sample has the form that its tool's documents and reports show. */
import { expect, test } from 'bun:test'
import { readDocument, type TestResult } from '../../../src/datasets/formats/reading.ts'
import { piecesOf, read, recordsOf, told } from '../../support/datasets/documents.ts'

/** What a record has when its document says nothing of it. */
const SILENT: Omit<TestResult, 'name'> = {
  suite: null,
  class: null,
  status: 'passed',
  duration_ms: null,
  message: null,
  details: null,
  file: null,
  line: null,
  started_at: null,
  retries: 0,
  flaky: false,
  properties: {},
}

function result(some: Partial<TestResult> & { name: string }): TestResult {
  return { ...SILENT, ...some }
}

test('Jenkins: suites in `testsuites`, outcomes with message, type and text, outputs, skipped cases', async () => {
  const document = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nightly" time="4.5" tests="4" failures="1" disabled="0" errors="1">
  <testsuite name="Billing" tests="4" failures="1" errors="1" skipped="1" timestamp="2026-03-01T02:00:05" time="4.5" hostname="agent-3">
    <properties><property name="os" value="linux"/></properties>
    <testcase name="adds tax" classname="billing.Invoice" time="0.125" status="run" assertions="3"/>
    <testcase name="rounds" classname="billing.Invoice" time="1">
      <failure message="expected 10.01 but was 10.00" type="AssertionError">at Invoice.java:12
at Invoice.java:99</failure>
    </testcase>
    <testcase name="prints" classname="billing.Invoice">
      <error message="no printer" type="IOException"><![CDATA[java.io.IOException: <none>]]></error>
      <system-out>page 1 &amp; 2</system-out>
      <system-err>jammed</system-err>
    </testcase>
    <testcase name="faxes" classname="billing.Invoice"><skipped message="no line"/></testcase>
    <system-out>of the whole suite</system-out>
  </testsuite>
</testsuites>`
  const common = { suite: 'Billing', class: 'billing.Invoice', started_at: '2026-03-01T02:00:05.000Z' }
  expect(await recordsOf('junit', document)).toEqual([
    result({ ...common, name: 'adds tax', duration_ms: 125, properties: { assertions: '3' } }),
    result({
      ...common,
      name: 'rounds',
      status: 'failed',
      duration_ms: 1_000,
      message: 'expected 10.01 but was 10.00',
      details: 'at Invoice.java:12\nat Invoice.java:99',
      properties: { failure_type: 'AssertionError' },
    }),
    result({
      ...common,
      name: 'prints',
      status: 'error',
      message: 'no printer',
      details: 'java.io.IOException: <none>',
      stdout: 'page 1 & 2',
      stderr: 'jammed',
      properties: { failure_type: 'IOException' },
    }),
    result({ ...common, name: 'faxes', status: 'skipped', message: 'no line' }),
  ])
})

test('Surefire: a lone suite, cases that passed or failed again, stacks in elements of their own, thousands with commas', async () => {
  const document = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd" version="3.0" name="shop.CartTest" time="1,234.567" tests="3" errors="0" skipped="0" failures="1">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="emptiesSlowly" classname="shop.CartTest" time="1,234.5">
    <flakyFailure message="first &lt;1&gt;" type="AssertionFailedError">
      <stackTrace><![CDATA[at CartTest.java:32]]></stackTrace>
      <system-out>the first time</system-out>
    </flakyFailure>
    <flakyError message="second" type="RuntimeException"><stackTrace>at CartTest.java:33</stackTrace></flakyError>
  </testcase>
  <testcase name="neverAdds" classname="shop.CartTest" time="0.01">
    <failure message="always" type="AssertionFailedError"><![CDATA[at CartTest.java:40]]></failure>
    <rerunFailure message="again" type="AssertionFailedError"><stackTrace>at CartTest.java:40</stackTrace></rerunFailure>
    <rerunFailure message="and again" type="AssertionFailedError"><stackTrace>at CartTest.java:40</stackTrace></rerunFailure>
    <system-out>of the case</system-out>
  </testcase>
  <testcase name="adds" classname="shop.CartTest" time="0"/>
</testsuite>`
  const common = { suite: 'shop.CartTest', class: 'shop.CartTest' }
  expect(await recordsOf('junit', document)).toEqual([
    result({
      ...common,
      name: 'emptiesSlowly',
      duration_ms: 1_234_500,
      message: 'first <1>',
      details: 'at CartTest.java:32',
      retries: 2,
      flaky: true,
      properties: { failure_type: 'AssertionFailedError' },
    }),
    result({
      ...common,
      name: 'neverAdds',
      status: 'failed',
      duration_ms: 10,
      message: 'always',
      details: 'at CartTest.java:40',
      retries: 2,
      stdout: 'of the case',
      properties: { failure_type: 'AssertionFailedError' },
    }),
    result({ ...common, name: 'adds', duration_ms: 0 }),
  ])
})

test('pytest: one suite, a zone in the time, properties of cases, errors of setup, expected failures as skipped', async () => {
  const document = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.105" timestamp="2026-01-20T15:04:05.123456+02:00" hostname="box"><testcase classname="tests.test_math.TestAdd" name="test_add[1-2]" time="0.001" file="tests/test_math.py" line="11"><properties><property name="ticket" value="ABC-1" /><property name="ticket" value="ABC-2" /><property name="long">as
text</property></properties></testcase><testcase classname="tests.test_math" name="test_bad" time="0.002"><failure message="assert 1 == 2">def test_bad():
&gt;       assert 1 == 2
E       assert 1 == 2</failure></testcase><testcase classname="tests.test_math" name="test_setup" time="0.000"><error message="failed on setup with &quot;boom&quot;">boom</error></testcase><testcase classname="tests.test_math" name="test_later" time="0.000"><skipped type="pytest.xfail" message="not yet" /></testcase></testsuite></testsuites>`
  const common = { suite: 'pytest', class: 'tests.test_math', started_at: '2026-01-20T13:04:05.123Z' }
  expect(await recordsOf('junit', document)).toEqual([
    result({
      ...common,
      class: 'tests.test_math.TestAdd',
      name: 'test_add[1-2]',
      duration_ms: 1,
      file: 'tests/test_math.py',
      line: 11,
      properties: { ticket: 'ABC-1\nABC-2', long: 'as\ntext' },
    }),
    result({
      ...common,
      name: 'test_bad',
      status: 'failed',
      duration_ms: 2,
      message: 'assert 1 == 2',
      details: 'def test_bad():\n>       assert 1 == 2\nE       assert 1 == 2',
    }),
    result({
      ...common,
      name: 'test_setup',
      status: 'error',
      duration_ms: 0,
      message: 'failed on setup with "boom"',
      details: 'boom',
    }),
    result({
      ...common,
      name: 'test_later',
      status: 'skipped',
      duration_ms: 0,
      message: 'not yet',
      properties: { failure_type: 'pytest.xfail' },
    }),
  ])
})

test('Go, by gotestsum and go-junit-report: packages as suites, subtests by their path, a failure without a message', async () => {
  const document = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0" time="1.2">
	<testsuite tests="3" failures="1" time="0.51" name="example.com/shop/cart" timestamp="2026-02-03T04:05:06Z">
		<properties>
			<property name="go.version" value="go1.25 linux/amd64"></property>
		</properties>
		<testcase classname="example.com/shop/cart" name="TestCart" time="0.000"></testcase>
		<testcase classname="example.com/shop/cart" name="TestCart/adds_one" time="0.010">
			<failure message="Failed" type="">=== RUN   TestCart/adds_one&#xA;    cart_test.go:12: want 1, got 0&#xA;</failure>
		</testcase>
		<testcase classname="example.com/shop/cart" name="TestLong" time="0.000">
			<skipped message="=== RUN   TestLong&#xA;    cart_test.go:30: short"></skipped>
		</testcase>
	</testsuite>
	<testsuite tests="0" failures="0" time="0.00" name="example.com/shop/empty"></testsuite>
</testsuites>`
  const common = {
    suite: 'example.com/shop/cart',
    class: 'example.com/shop/cart',
    started_at: '2026-02-03T04:05:06.000Z',
  }
  expect(await recordsOf('junit', document)).toEqual([
    result({ ...common, name: 'TestCart', duration_ms: 0 }),
    result({
      ...common,
      name: 'TestCart/adds_one',
      status: 'failed',
      duration_ms: 10,
      message: 'Failed',
      details: '=== RUN   TestCart/adds_one\n    cart_test.go:12: want 1, got 0',
    }),
    result({
      ...common,
      name: 'TestLong',
      status: 'skipped',
      duration_ms: 0,
      message: '=== RUN   TestLong\n    cart_test.go:30: short',
    }),
  ])
})

test('.NET: nested suites, and UTF-16 as its tools write it, declared or not', async () => {
  const document = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>
<testsuites><testsuite name="Shop.Tests.dll" tests="1" timestamp="2026-05-06T07:08:09.1234567Z"><testsuite name="Shop.Tests" tests="1"><testsuite name="Cart" tests="1">
<testcase name="Adds(&quot;é&quot;)" classname="Shop.Tests.Cart" time="0,25"><failure type="failure" message="Ups">bei Zeile 3</failure></testcase>
</testsuite></testsuite></testsuite></testsuites>`
  const expected = [
    result({
      suite: 'Shop.Tests.dll > Shop.Tests > Cart',
      class: 'Shop.Tests.Cart',
      name: 'Adds("é")',
      status: 'failed',
      duration_ms: 250,
      message: 'Ups',
      details: 'bei Zeile 3',
      started_at: '2026-05-06T07:08:09.123Z',
      properties: { failure_type: 'failure' },
    }),
  ]
  const utf16 = Buffer.from(`\ufeff${document('utf-16')}`, 'utf16le')
  expect(await recordsOf('junit', new Uint8Array(utf16))).toEqual(expected)
  expect(await recordsOf('junit', new Uint8Array(Buffer.from(utf16).swap16()))).toEqual(expected)
  // trx-to-junit and others say UTF-16 of what they write in UTF-8.
  expect(await recordsOf('junit', document('utf-16'))).toEqual(expected)
  expect(await recordsOf('junit', new Uint8Array(Buffer.from(document('ISO-8859-1'), 'latin1')))).toEqual(expected)
})

test('nested suites: cases beside suites, attributes of the nearest, names joined', async () => {
  const document = `<testsuites name="bun test"><testsuite name="math.test.ts" file="math.test.ts" timestamp="2026-01-01T00:00:00Z">
  <testcase name="top" classname="" line="3"/>
  <testsuite name="add" file="add.ts"><testcase name="one" class="PhpStyle"/><testsuite><testcase name="unnamed suite"/></testsuite></testsuite>
  <testcase name="last" file="own.ts" timestamp="2026-01-01T00:00:09Z"/>
</testsuite></testsuites>`
  const started_at = '2026-01-01T00:00:00.000Z'
  expect(await recordsOf('junit', document)).toEqual([
    result({ suite: 'math.test.ts', name: 'top', file: 'math.test.ts', line: 3, started_at }),
    result({ suite: 'math.test.ts > add', name: 'one', class: 'PhpStyle', file: 'add.ts', started_at }),
    result({ suite: 'math.test.ts > add', name: 'unnamed suite', file: 'add.ts', started_at }),
    result({ suite: 'math.test.ts', name: 'last', file: 'own.ts', started_at: '2026-01-01T00:00:09.000Z' }),
  ])
})

test('the worst outcome counts; texts of the same outcome are put together; GoogleTest says `notrun` by attribute', async () => {
  const document = `<testsuite name="s">
<testcase name="all"><skipped/><failure message="f">one</failure><error message="e">two</error><failure>three</failure></testcase>
<testcase name="twice"><failure message="first" type="">a</failure><failure message="second">b</failure></testcase>
<testcase name="disabled" status="notrun" result="suppressed"/>
<testcase name="text only"><failure>
  the first line
  the second</failure></testcase>
<testcase name="type only"><error type="Timeout"/></testcase>
</testsuite>`
  const records = (await recordsOf('junit', document)) as TestResult[]
  expect(records.map(({ name, status, message, details }) => [name, status, message, details])).toEqual([
    ['all', 'error', 'e', 'two'],
    ['twice', 'failed', 'first', 'a\n\nb'],
    ['disabled', 'skipped', null, null],
    ['text only', 'failed', 'the first line', 'the first line\n  the second'],
    ['type only', 'error', 'Timeout', null],
  ])
})

test('a suite that could not be run is a result itself', async () => {
  const document =
    '<testsuites><testsuite name="outer"><testsuite name="broken"><error message="no JVM">why</error></testsuite></testsuite></testsuites>'
  expect(await recordsOf('junit', document)).toEqual([
    result({ suite: 'outer > broken', name: 'broken', status: 'error', message: 'no JVM', details: 'why' }),
  ])
})

test('a case without a name, or with one that is too long, is refused with its line; the others stay', async () => {
  const document = `<testsuite name="s">
<testcase name="a"/>
<testcase classname="c"/>
<testcase
  name="${'n'.repeat(5_000)}"/>
<testcase name="b"/></testsuite>`
  const { items, failure } = await read('junit', document)
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '2 record',
    '3 refused: a test without a name; expected one',
    `4 refused: a name of more than 4096 characters: \`${'n'.repeat(79)}…\``,
    '6 record',
  ])
})

test('long outputs, details, messages and properties are cut, with a warning that says which', async () => {
  const long = 'x'.repeat(70_000)
  const document = `<testsuite><testcase name="a"><failure message="${long}">${long}</failure><system-out>${long}</system-out><properties><property name="p" value="${long}"/></properties></testcase></testsuite>`
  const { items } = await read('junit', document)
  expect(told(items)).toEqual([
    '1 warning: details, stdout, properties, message cut: more than a record keeps; the document itself keeps it',
    '1 record',
  ])
  const record = items[1]?.kind === 'record' ? items[1].record : {}
  expect(record).toMatchObject({
    details: long.slice(0, 65_536),
    stdout: long.slice(0, 65_536),
    message: long.slice(0, 8_192),
  })
})

test('a batch is given after a MiB of document, however few results that are', async () => {
  const log = 'a line of a log\n'.repeat(4_000)
  const item = `<testcase name="n"><system-out>${log}</system-out></testcase>`
  const sizes: number[] = []
  for await (const batch of readDocument('junit', piecesOf(`<testsuite>${item.repeat(100)}</testsuite>`)))
    sizes.push(batch.length)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(20)
})

test('properties of a case come to 64 KiB at most, however many have the same name and whatever the names are', async () => {
  const big = 'y'.repeat(60_000)
  const property = (name: string) => `<property name="${name}" value="${big}"/>`
  const caseOf = (properties: string) =>
    `<testsuite><testcase name="a"><properties>${properties}</properties></testcase></testsuite>`
  const keptOf = async (properties: string): Promise<Record<string, string>> => {
    const { items } = await read('junit', caseOf(properties))
    const record = items.find((item) => item.kind === 'record')?.record
    return record?.['properties'] as Record<string, string>
  }
  const many = await keptOf(Array.from({ length: 40 }, (_, n) => property(`p${n % 20}`)).join(''))
  expect(JSON.stringify(many).length).toBeWithin(60_000, 66_600)
  expect(await keptOf(property('n'.repeat(257)))).toEqual({})
})
