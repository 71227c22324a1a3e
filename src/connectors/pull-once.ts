/**
 * One run of a connector, seen from main: pages are handed to the dataset's door as they come, each under a key of its own, and the
 * cursor moves when a page is durable. A run that is cut off is gone on with under the same keys, so that its last page, fetched again
 * as it was, is not taken twice.
 */
import { AppError, type Clock, codeOf, fromBase64url } from '../base/mod.ts'
import type { ConnectorId } from '../wire/mod.ts'
import type { Connector, ConnectorStore, Run, RunCounts, RunState, Told } from './connector-store.ts'
import { ConnectorCrashed } from './errors.ts'
import { ImportsFollowed } from './imports-followed.ts'
import { PageStream } from './page-stream.ts'
import type { ConnectorPorts } from './ports.ts'
import type { AskConnector, ConnectorAnswers } from './worker/connector-process.ts'

/** Warnings of one run that are remembered; each code once. */
const WARNINGS_MAX = 20

export type PullDeps = { store: ConnectorStore; ports: ConnectorPorts; ask: AskConnector; clock: Clock }
export type Pulled = { state: RunState; failure: Told | null; warnings: readonly Told[]; counts: RunCounts }

/** Never rejects: what went wrong is told of the run. */
export async function pullOnce(deps: PullDeps, connector: Connector, run: Run, signal: AbortSignal): Promise<Pulled> {
  const { store, ports, ask, clock } = deps
  const counts: RunCounts = {
    pages: 0,
    bytes: 0,
    records: 0,
    removed: 0,
    rowsTaken: 0,
    rowsReplaced: 0,
    rowsRefused: 0,
  }
  const warnings: Told[] = []
  const warn = (told: Told): void => {
    if (warnings.length < WARNINGS_MAX && !warnings.some(({ code }) => code === told.code)) warnings.push(told)
  }
  const door = ports.door(connector.dataTenant, connector.dataset)
  const imports = new ImportsFollowed({ door, clock, signal, counts, warn })
  const intake = new PageIntake({ ...deps, connector, run, counts, imports })
  try {
    const cursor = await store.cursor(connector.id)
    const { type, config, credential, network } = connector
    const task = { type, config, credential: credential !== null, network, cursor: cursor.text }
    await ask('pull', task, {
      answers: {
        ...intake.answers,
        credential: () => lent(ports, connector),
        'known-keys': ({ field, value, after }) => door.knownKeys(field, value, after),
      },
      onWarning: (code, message) => warn({ code, message }),
      signal,
    })
    await imports.settled()
    await intake.finished()
    const isWhole = counts.rowsRefused === 0 && !warnings.some(({ code }) => !code.startsWith('connector.'))
    return { state: isWhole ? 'done' : 'partly', failure: null, warnings, counts }
  } catch (error) {
    intake.drop()
    const failure = toldOf(error)
    return { state: failure.code === 'connector.stopped' ? 'stopped' : 'failed', failure, warnings, counts }
  }
}

/** What a check or a discovery may ask for: the credential, and nothing else. */
export function lendingOnly(ports: ConnectorPorts, connector: Pick<Connector, 'credential'>): ConnectorAnswers {
  const refused = (): Promise<never> =>
    Promise.reject(new ConnectorCrashed('its process asked for what it may not have'))
  return {
    ...{ credential: () => lent(ports, connector), 'known-keys': refused, cursor: refused },
    ...{ 'page-begin': refused, 'page-part': refused, 'page-end': refused },
  }
}

/** Code, message and advice of ours; of what we did not name the code alone. */
function toldOf(error: unknown): Told {
  if (!(error instanceof AppError)) return { code: codeOf(error), message: 'an unexpected failure' }
  return { code: error.code, message: error.message, ...(error.advice !== undefined && { advice: error.advice }) }
}

async function lent(ports: ConnectorPorts, { credential }: Pick<Connector, 'credential'>) {
  return { secret: credential === null ? {} : await ports.lend(credential) }
}

type IntakeDeps = PullDeps & { connector: Connector; run: Run; counts: RunCounts; imports: ImportsFollowed }
type Page = { stream: PageStream; bytes: number; taken: ReturnType<ReturnType<ConnectorPorts['door']>['take']> }

/** The one page that is on its way, and the cursor behind those before. */
class PageIntake {
  readonly #deps: IntakeDeps
  #page: Page | undefined

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  readonly answers = {
    'page-begin': async ({
      contentType,
      fileName,
      sha256,
      attributes,
    }: {
      contentType: string
      fileName: string
      sha256: string
      attributes?: Readonly<Record<string, string>> | undefined
    }) => {
      const { connector, run, store, ports } = this.#deps
      if (this.#page) throw new ConnectorCrashed('its process began a page within another')
      const { run: named, page } = await store.cursor(connector.id)
      const stream = new PageStream()
      const taken = ports.door(connector.dataTenant, connector.dataset).take({
        ...{ content: stream, contentType, fileName },
        idempotencyKey: `${connector.id}/${named ?? run.id}/${page + 1}/${sha256.slice(0, 32)}`,
        attributes: { ...attributes, connector: connector.name, 'connector.run': run.id },
      })
      // Its failure is told to whoever sends the next part.
      taken.catch((error) => stream.fail(error))
      this.#page = { stream, bytes: 0, taken }
      return {}
    },
    'page-part': async ({ bytes }: { bytes: string }) => {
      const page = this.#demandPage()
      const part = fromBase64url(bytes)
      page.bytes += part.byteLength
      await page.stream.push(part)
      return {}
    },
    'page-end': async ({ records, removed, cursor }: { records: number; removed: number; cursor: string }) => {
      const { counts, imports } = this.#deps
      const { stream, taken, bytes } = this.#demandPage()
      stream.end()
      const { import: id } = await taken
      this.#page = undefined
      counts.pages++
      counts.bytes += bytes
      counts.records += records
      await this.#move(cursor, 1)
      await imports.add(id, removed > 0)
      return {}
    },
    cursor: async ({ cursor }: { cursor: string }) => {
      await this.#move(cursor, 0)
      return {}
    },
  }

  /** The next run has keys of its own. */
  async finished(): Promise<void> {
    const { store, connector } = this.#deps
    const { text } = await store.cursor(connector.id)
    await store.moveCursor(connector.id, { text, run: null, page: 0 })
  }

  drop(): void {
    this.#page?.stream.fail()
    this.#page = undefined
  }

  async #move(text: string, pages: number): Promise<void> {
    const { store, connector, run, counts } = this.#deps
    const { run: named, page } = await store.cursor(connector.id as ConnectorId)
    await store.moveCursor(connector.id, { text, run: named ?? run.id, page: page + pages }, { id: run.id, counts })
  }

  #demandPage(): Page {
    if (!this.#page) throw new ConnectorCrashed('its process sent a part of no page')
    return this.#page
  }
}
