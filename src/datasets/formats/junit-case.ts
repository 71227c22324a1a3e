/** One test case of JUnit XML while it is being read: what its attributes and the elements within it say of how it ended. */
import type { Item } from './item.ts'
import { cutAt, TEXT_CHARS_MAX, type TestResult, type TestStatus, testResultItems } from './test-result.ts'
import { TextCollector } from './text-collector.ts'
import { instantOf } from './times.ts'
import type { XmlElement } from './xml.ts'

/** What the suites around a case say of it. */
export type JunitSuite = {
  readonly path: string | null
  readonly startedAt: string | null
  readonly file: string | null
}

/** Properties of one case that are kept; more are a log by another name. */
const PROPERTIES_MAX = 256
/** Characters of the name of one, and of all of them with their names. */
const PROPERTY_NAME_CHARS_MAX = 256
const PROPERTIES_CHARS_MAX = 65_536
/** Characters of the first line of details, where it must serve as the message. */
const FIRST_LINE_CHARS_MAX = 1_024

/** Attributes by which GoogleTest, CTest and others say that a case was not run. */
const NOT_RUN = new Set(['notrun', 'skipped', 'disabled', 'suppressed', 'ignored'])

/** The worse the later. */
const RANKS: readonly TestStatus[] = ['passed', 'skipped', 'failed', 'error']

/** What there is to tell of an outcome: the `message` and `type` of its element, and the text within. */
type Told = { message: string | undefined; type: string | undefined; text: TextCollector }

export class JunitCase {
  readonly #line: number
  readonly #attributes: Readonly<Record<string, string>>
  readonly #suite: JunitSuite
  // Most cases have none of these, and there may be millions of cases.
  #properties: Map<string, TextCollector> | undefined
  #propertiesCut = false
  #stdout: TextCollector | undefined
  #stderr: TextCollector | undefined
  #status: TestStatus
  #told: Told | undefined
  #again = 0
  #flake: Told | undefined

  constructor(line: number, attributes: Readonly<Record<string, string>>, suite: JunitSuite) {
    this.#line = line
    this.#attributes = attributes
    this.#suite = suite
    this.#status = isNotRun(attributes) ? 'skipped' : 'passed'
  }

  /** Takes an element of the case; what its text is to be collected in, if it matters. */
  open({ name, attributes }: XmlElement): TextCollector | undefined {
    switch (name) {
      case 'failure':
        return this.#ended('failed', attributes)
      case 'error':
        return this.#ended('error', attributes)
      case 'skipped':
        return this.#ended('skipped', attributes)
      case 'rerunFailure':
      case 'rerunError':
        this.#again++
        return undefined
      case 'flakyFailure':
      case 'flakyError':
        this.#again++
        if (this.#flake) return undefined
        this.#flake = toldBy(attributes)
        return this.#flake.text
      case 'system-out':
        this.#stdout ??= new TextCollector(TEXT_CHARS_MAX)
        return this.#stdout
      case 'system-err':
        this.#stderr ??= new TextCollector(TEXT_CHARS_MAX)
        return this.#stderr
      default:
        return undefined
    }
  }

  /** Takes a property; what its text is to be collected in where no attribute has the value. One that comes twice is put together. */
  property({ name, value }: Readonly<Record<string, string>>): TextCollector | undefined {
    if (!name || name === '__proto__') return undefined
    this.#properties ??= new Map()
    const known = this.#properties.get(name)
    const isOver = name.length > PROPERTY_NAME_CHARS_MAX || (!known && this.#properties.size >= PROPERTIES_MAX)
    this.#propertiesCut ||= isOver
    if (this.#propertiesCut) return undefined
    const collector = known ?? new TextCollector(TEXT_CHARS_MAX)
    if (known) collector.add('\n')
    this.#properties.set(name, collector)
    if (value === undefined) return collector
    collector.add(value)
    return undefined
  }

  /** The case as items, once it is closed. */
  items(): Item[] {
    const attributes = this.#attributes
    const told = this.#told ?? this.#flake
    const details = told?.text.text.trim() || undefined
    const result: TestResult = {
      suite: this.#suite.path,
      class: attributes['classname'] || attributes['class'] || null,
      name: attributes['name'] ?? '',
      status: this.#status,
      duration_ms: millisecondsOf(attributes['time']),
      message: told?.message || firstLine(details) || told?.type || null,
      details: details ?? null,
      file: attributes['file'] || this.#suite.file,
      line: lineNumberOf(attributes['line']),
      started_at: startOf(attributes) ?? this.#suite.startedAt,
      retries: this.#again,
      flaky: this.#flake !== undefined && this.#status === 'passed',
      properties: this.#propertiesRead(told),
    }
    if (this.#stdout) result.stdout = this.#stdout.text
    if (this.#stderr) result.stderr = this.#stderr.text
    return testResultItems(this.#line, result, this.#cut(told))
  }

  #cut(told: Told | undefined): string[] {
    const cut: string[] = []
    if (told?.text.isCut) cut.push('details')
    if (this.#stdout?.isCut) cut.push('stdout')
    if (this.#stderr?.isCut) cut.push('stderr')
    const properties = this.#properties ? [...this.#properties.values()] : []
    if (this.#propertiesCut || properties.some(({ isCut }) => isCut)) cut.push('properties')
    return cut
  }

  /** The worst outcome counts, and what its first element says; the texts of all elements that say the same are put together. */
  #ended(status: TestStatus, attributes: Readonly<Record<string, string>>): TextCollector {
    const worse = RANKS.indexOf(status) - RANKS.indexOf(this.#status)
    if (worse > 0 || !this.#told) this.#told = toldBy(attributes)
    else if (worse === 0) this.#told.text.add('\n\n')
    else return new TextCollector(0)
    if (worse > 0) this.#status = status
    return this.#told.text
  }

  #propertiesRead(told: Told | undefined): TestResult['properties'] {
    const read: Record<string, string> = {}
    const own = { failure_type: told?.type, assertions: this.#attributes['assertions'] }
    let left = PROPERTIES_CHARS_MAX
    const add = (name: string, text: string): void => {
      const cut = cutAt(text, Math.max(0, left - name.length))
      this.#propertiesCut ||= cut.length < text.length
      left -= name.length + cut.length
      if (left >= 0) read[name] = cut
    }
    for (const [name, text] of Object.entries(own)) if (text) add(name, text)
    for (const [name, collector] of this.#properties ?? [])
      if (!own[name as keyof typeof own]) add(name, collector.text.trim())
    return read
  }
}

function isNotRun({ status = '', result = '' }: Readonly<Record<string, string>>): boolean {
  return NOT_RUN.has(status.toLowerCase()) || NOT_RUN.has(result.toLowerCase())
}

function toldBy({ message, type }: Readonly<Record<string, string>>): Told {
  return { message: message?.trim(), type: type?.trim(), text: new TextCollector(TEXT_CHARS_MAX) }
}

function firstLine(text: string | undefined): string | undefined {
  return text?.slice(0, FIRST_LINE_CHARS_MAX).split('\n', 1)[0]?.trim()
}

function lineNumberOf(text: string | undefined): number | null {
  const line = text ? Number(text) : Number.NaN
  return Number.isSafeInteger(line) && line >= 0 ? line : null
}

function startOf({ timestamp }: Readonly<Record<string, string>>): string | undefined {
  return timestamp === undefined ? undefined : instantOf(timestamp)
}

/** Seconds as milliseconds, to the microsecond. */
function millisecondsOf(text: string | undefined): number | null {
  if (!text) return null
  const plain = Number(text)
  const seconds = Number.isNaN(plain) ? secondsWithCommas(text) : plain
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1e6) / 1e3 : null
}

/** Surefire parts thousands by commas; elsewhere a comma is that of a locale. */
function secondsWithCommas(text: string): number {
  return Number(text.includes('.') ? text.replaceAll(',', '') : text.replace(',', '.'))
}
