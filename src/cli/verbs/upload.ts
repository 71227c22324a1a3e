/** `sluice upload`: files into a dataset, as a pipeline does it by an upload token, or a person by their own. */
import type { Command } from 'commander'
import { AppError, Cancelled, nounFor, Slots, systemClock, systemRandom } from '../../base/mod.ts'
import { type Access, isUploadToken, resolveAccess } from '../access.ts'
import { ApiRefused, createClient } from '../client.ts'
import type { CliContext, RemoteFlags } from '../context.ts'
import { annotations } from '../datasets/annotations.ts'
import { importLines } from '../datasets/import-lines.ts'
import { DATASET, datasetNamed, IN_DATA_TENANT } from '../datasets/named.ts'
import type { UploadDeps } from '../datasets/persistently.ts'
import { importEnded, sendFile, type UploadedFile, type UploadTarget } from '../datasets/upload-file.ts'
import { filesFor, type UploadFile } from '../datasets/upload-files.ts'
import { UploadProgress } from '../datasets/upload-progress.ts'
import { EXIT_ROWS_REFUSED, RowsRefused, UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { collect } from './credential-fields.ts'
import { addRemoteFlags, examples } from './remote.ts'

type UploadFlags = RemoteFlags & {
  dataset: string
  dataTenant?: string
  tokenEnv?: string
  attribute?: string[]
  wait: boolean
}

/** Where a pipeline keeps an upload token; `SLUICE_TOKEN` is a person's. */
const UPLOAD_TOKEN_VARIABLE = 'SLUICE_UPLOAD_TOKEN'

/** A file with what became of it, or why the Runtime did not take it. */
type Outcome = UploadedFile | { file: string; failure: AppError }

/** The command was told to end before all was done. */
export class UploadInterrupted extends AppError {
  override readonly code = 'upload.interrupted' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Run the same command again for the rest: what is kept is not taken twice.'
}

/** At a time; each holds one connection and 64 KiB of its file. */
const AT_ONCE = 4
const LINES_MAX = 10

const EXITS = `
Exit codes:
  0  everything was taken
  ${EXIT_ROWS_REFUSED}  all of it arrived, and some of it, rows or whole documents, was refused
  others as in \`sluice --help\``

export function addUploadVerb(program: Command, context: CliContext): void {
  addRemoteFlags(program.command('upload'))
    .argument(
      '<file...>',
      'files, or patterns with *, ? and ** for any folders; what ends in .gz or .zst is compressed',
    )
    .requiredOption('--dataset <dataset>', `${DATASET}; with an upload token its id`)
    .option(
      '--token-env <variable>',
      'environment variable that holds an upload token (default: SLUICE_UPLOAD_TOKEN; where that is not set you upload yourself)',
    )
    .option('--data-tenant <data-tenant>', IN_DATA_TENANT)
    .option('--attribute <name=value>', 'of all the files: branch, commit, build, run, environment …', collect)
    .option('--no-wait', 'end when the files are kept, without waiting until they are imported')
    .description('upload files to a dataset, and tell what was refused')
    .addHelpText('after', EXITS)
    .addHelpText(
      'after',
      examples(
        "upload 'results/**/*.xml' --dataset ds_…",
        'upload unit.xml --dataset nightly --attribute branch=main --attribute run=7',
      ),
    )
    .action((patterns: string[], flags: UploadFlags) => upload(context, patterns, flags))
}

async function upload(context: CliContext, patterns: readonly string[], flags: UploadFlags): Promise<void> {
  const attributes = attributesOf(flags.attribute ?? [])
  const access = await accessFor(context, flags)
  const files = await filesFor(patterns)
  const target = { ...(await targetOf(access, flags)), attributes }
  const deps = { access, clock: systemClock, random: systemRandom, signal: context.signal }
  const outcomes = await uploadAll(context, deps, { files, target, waits: flags.wait })
  print(context.terminal, flags.json, outcomes.map(asJson), () => render(outcomes))
  annotate(context, outcomes)
  conclude(outcomes)
}

/** `branch=main` → a pair; what a name may be is for the Runtime to judge. */
function attributesOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageInvalid(`--attribute takes name=value, not \`${text}\``)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

async function accessFor(context: CliContext, { tokenEnv, ...flags }: UploadFlags): Promise<Access> {
  const variable = tokenEnv ?? UPLOAD_TOKEN_VARIABLE
  const token = context.environment[variable]?.trim() || undefined
  if (tokenEnv !== undefined && token === undefined)
    throw new UsageInvalid(`the environment has no variable ${tokenEnv}`, 'Hand the pipeline’s secret to this step.')
  if (token !== undefined && !isUploadToken(token))
    throw new UsageInvalid(
      `${variable} holds no upload token: those begin with slu_`,
      'Make one with `sluice upload-token create`; an API token of yours goes into SLUICE_TOKEN.',
    )
  const access = await resolveAccess(flags, context.environment, context.root)
  return token === undefined ? access : { ...access, token }
}

/** An upload token reaches its dataset and nothing by which a name could be looked up. */
async function targetOf(access: Access, flags: UploadFlags): Promise<Omit<UploadTarget, 'attributes'>> {
  if (access.token !== undefined && isUploadToken(access.token)) {
    if (!/^ds_[0-9a-f-]+$/.test(flags.dataset))
      throw new UsageInvalid(`with an upload token --dataset takes the dataset’s id (ds_…), not \`${flags.dataset}\``)
    return { path: `/v1/datasets/${flags.dataset}`, dataset: flags.dataset }
  }
  const path = await datasetNamed(createClient(access), flags.dataset, flags.dataTenant)
  return { path, dataset: path.split('/').at(-1) ?? '' }
}

/** All files, some at a time. What one document is refused for stops no other; anything else ends it all. */
async function uploadAll(
  { terminal, signal }: CliContext,
  deps: Omit<UploadDeps, 'signal'>,
  { files, target, waits }: { files: readonly UploadFile[]; target: UploadTarget; waits: boolean },
): Promise<Outcome[]> {
  const failed = new AbortController()
  const stoppable = { ...deps, signal: AbortSignal.any([signal, failed.signal]) }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const say = terminal.interactive ? terminal.err : () => undefined
  const progress = new UploadProgress({ files: files.length, bytes }, { say, clock: deps.clock })
  const slots = new Slots(AT_ONCE)
  let kept = 0
  const one = async (file: UploadFile): Promise<Outcome> => {
    if (stoppable.signal.aborted) throw new Cancelled('stopped before all files were sent')
    const outcome = await uploadOne(stoppable, target, {
      ...{ file, waits, sent: (count) => progress.sent(count) },
      kept: () => kept++,
    })
    progress.fileDone()
    return outcome
  }
  let first: unknown
  const all = files.map((file) =>
    slots
      .run(() => one(file))
      .catch((error: unknown) => {
        first ??= error
        failed.abort()
        return undefined
      }),
  )
  const outcomes = await Promise.all(all)
  progress.end()
  if (first !== undefined && signal.aborted) {
    const of = `${kept} of ${files.length} ${nounFor(files.length, 'file')}`
    throw new UploadInterrupted(`interrupted: the Runtime keeps ${of} and imports what it keeps`, { cause: first })
  }
  if (first !== undefined) throw first
  return outcomes.filter((outcome) => outcome !== undefined)
}

async function uploadOne(
  deps: UploadDeps,
  target: UploadTarget,
  { file, waits, sent, kept }: { file: UploadFile; waits: boolean; sent: (bytes: number) => void; kept: () => void },
): Promise<Outcome> {
  try {
    const uploaded = await sendFile(deps, target, file, sent)
    kept()
    return waits ? { ...uploaded, report: await importEnded(deps, target.path, uploaded.import) } : uploaded
  } catch (error) {
    if (error instanceof ApiRefused && [409, 413].includes(error.status)) return { file: file.path, failure: error }
    throw error
  }
}

function asJson(outcome: Outcome): unknown {
  if (!('failure' in outcome)) return outcome
  const { file, failure } = outcome
  return { file, failure: { code: failure instanceof ApiRefused ? failure.code : undefined, message: failure.message } }
}

function render(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    if ('failure' in outcome) return [outcome.file, 'not taken', null, null, null, null]
    const { file, report, again } = outcome
    const state = `${report?.state ?? 'kept'}${again ? ', as before' : ''}`
    return [file, state, report?.rowsTaken, report?.rowsRefused, report?.warnings, outcome.import]
  })
  const lines = outcomes.flatMap((outcome) => {
    const said = linesOf(outcome)
    return said.length === 0 ? [] : ['', `${outcome.file}:`, ...said.map((line) => `  ${line}`)]
  })
  return [table(['FILE', 'STATE', 'TAKEN', 'REFUSED', 'WARNINGS', 'IMPORT'], rows), ...lines].join('\n')
}

function linesOf(outcome: Outcome): string[] {
  if ('failure' in outcome) return [`document: ${outcome.failure.message}`]
  return outcome.report ? importLines(outcome.report, LINES_MAX) : []
}

/** On standard error, which GitHub's runner reads as well: standard output may be JSON. */
function annotate({ environment, terminal }: CliContext, outcomes: readonly Outcome[]): void {
  if (environment['GITHUB_ACTIONS'] !== 'true') return
  const imported = outcomes.flatMap((one) => ('report' in one && one.report ? [{ ...one, report: one.report }] : []))
  for (const line of annotations(imported, environment['GITHUB_WORKSPACE'] ?? '.')) terminal.err(`${line}\n`)
}

function conclude(outcomes: readonly Outcome[]): void {
  const reports = outcomes.flatMap((one) => ('failure' in one || !one.report ? [] : [one.report]))
  const untaken = outcomes.filter((one) => 'failure' in one).length
  const refused = untaken + reports.filter(({ state }) => state === 'refused').length
  const cut = reports.filter(({ state, reason }) => state !== 'refused' && reason).length
  const rows = reports.reduce((sum, { rowsRefused }) => sum + rowsRefused, 0)
  const told = [
    ...(refused === 0 ? [] : [`${refused} of ${outcomes.length} documents ${nounFor(refused, 'was', 'were')} refused`]),
    ...(cut === 0 ? [] : [`${cut} of ${outcomes.length} documents ${nounFor(cut, 'was', 'were')} not read to the end`]),
    ...(rows === 0 ? [] : [`${rows} ${nounFor(rows, 'row was', 'rows were')} refused`]),
  ]
  if (told.length > 0) throw new RowsRefused(told.join(', '))
}
