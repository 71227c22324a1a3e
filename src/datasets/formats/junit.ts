/**
 * JUnit XML in the dialects of Jenkins, Surefire, Gradle, pytest, Go's converters, .NET's loggers and others: suites nested however
 * deep, cases in them, outcomes within cases. No schema has it all; what is not known is passed over, and so are outputs and properties
 * of suites: Surefire has all of the JVM there, which would be written again with every case.
 */
import { headOf } from './bytes.ts'
import { DocumentUnexpected } from './errors.ts'
import { type Item, quoted } from './item.ts'
import { JunitCase, type JunitSuite } from './junit-case.ts'
import { itemsOf } from './pieces.ts'
import { SUITES_JOINED_BY } from './test-result.ts'
import type { TextCollector } from './text-collector.ts'
import { instantOf } from './times.ts'
import { type XmlElement, type XmlListener, XmlReader } from './xml.ts'
import { DECLARATION_BYTES, XmlText } from './xml-text.ts'

/**
 * The results in a JUnit document that is in UTF-8 or names its encoding. Fails with `document.unexpected` for XML of another kind, and
 * with `document.malformed`, `document.truncated`, `document.doctype_forbidden`, `document.not_text`,
 * `document.encoding_unsupported` and `document.part_too_large`.
 */
export async function* readJunit(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  const { head, whole } = await headOf(bytes, DECLARATION_BYTES)
  try {
    const items: Item[] = []
    const text = new XmlText(head.subarray(0, DECLARATION_BYTES))
    yield* itemsOf(whole, new XmlReader(new JunitListener(items), text), items)
  } finally {
    await whole.return()
  }
}

const NO_SUITE: JunitSuite = { path: null, startedAt: null, file: null }

/** An element that is open: where its text goes, if anywhere. */
type Open = { readonly name: string; readonly text: TextCollector | undefined }

class JunitListener implements XmlListener {
  readonly #items: Item[]
  readonly #open: Open[] = []
  readonly #suites: JunitSuite[] = []
  #case: JunitCase | undefined
  /** How many elements are open outside of the case: those right within it are what it is told of. */
  #caseDepth = 0

  constructor(items: Item[]) {
    this.#items = items
  }

  open(element: XmlElement, line: number): void {
    const { name } = element
    if (this.#open.length === 0 && name !== 'testsuites' && name !== 'testsuite')
      throw new DocumentUnexpected(line, `expected \`testsuites\` or \`testsuite\` as the root, found ${quoted(name)}`)
    const text = this.#case ? this.#withinCase(this.#case, element) : this.#outsideCase(element, line)
    this.#open.push({ name, text })
  }

  text(piece: string): void {
    this.#open.at(-1)?.text?.add(piece)
  }

  close(name: string): void {
    this.#open.pop()
    if (this.#case && this.#open.length === this.#caseDepth) {
      this.#items.push(...this.#case.items())
      this.#case = undefined
    } else if (name === 'testsuite' && !this.#case) this.#suites.pop()
  }

  #withinCase(test: JunitCase, element: XmlElement): TextCollector | undefined {
    const depth = this.#open.length - this.#caseDepth
    if (depth === 1) return test.open(element)
    const parent = this.#open.at(-1)
    if (depth === 2 && parent?.name === 'properties' && element.name === 'property')
      return test.property(element.attributes)
    // Surefire has the stack of what was tried again in an element of its own.
    return element.name === 'stackTrace' ? parent?.text : undefined
  }

  #outsideCase(element: XmlElement, line: number): TextCollector | undefined {
    const { name, attributes } = element
    const suite = this.#suites.at(-1) ?? NO_SUITE
    if (name === 'testsuite') this.#suites.push(innerSuite(suite, attributes))
    else if (name === 'testcase') this.#begin(new JunitCase(line, attributes, suite))
    else if ((name === 'error' || name === 'failure') && this.#open.at(-1)?.name === 'testsuite') {
      // A suite that could not be run has no cases: it is one itself, as for Jenkins.
      const test = new JunitCase(line, { name: suite.path?.split(SUITES_JOINED_BY).at(-1) ?? '' }, suite)
      this.#begin(test)
      return test.open(element)
    }
    return undefined
  }

  #begin(test: JunitCase): void {
    this.#case = test
    this.#caseDepth = this.#open.length
  }
}

function innerSuite(outer: JunitSuite, attributes: Readonly<Record<string, string>>): JunitSuite {
  const name = attributes['name']?.trim()
  const path = !name ? outer.path : outer.path === null ? name : `${outer.path}${SUITES_JOINED_BY}${name}`
  return {
    path,
    startedAt: instantOf(attributes['timestamp'] ?? '') ?? outer.startedAt,
    file: attributes['file'] || outer.file,
  }
}
