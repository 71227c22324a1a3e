/** The latest results of one test: a bar for each, the newest on the right, and the same as a table. */
import { Ago, Empty, State, Table, Tiles, type View } from '../../web/mod.ts'
import { took } from '../dashboards/dashboard.ts'

/** Results of one page. */
export const RESULTS_SHOWN = 60
export const CASE_FIELDS = [
  ...([
    'status',
    'duration_ms',
    'flaky',
    'message',
    'branch',
    'environment',
    'run',
    '_record',
    '_received_at',
  ] as const),
] as const
export type CaseResult = Readonly<Record<(typeof CASE_FIELDS)[number], unknown>>

const LOOKS = { passed: 'running', failed: 'failed', error: 'failed', skipped: 'stopped' } as const
const COLOURS = { running: 'var(--ok)', failed: 'var(--bad)', stopped: 'var(--idle)' } as const
const BAR = { width: 12, gap: 3, heightMin: 6, heightMax: 60 } as const
const MESSAGE_LENGTH_MAX = 120

export type CaseProps = {
  /** The newest first. */
  results: readonly CaseResult[]
  asked: { name: string; suite?: string | undefined; class?: string | undefined; branch?: string | undefined }
  /** Of the dataset's pages. */
  path: string
  nowMs: number
}

export function CasePage({ results, asked, path, nowMs }: CaseProps): View {
  if (results.length === 0) {
    const actions = [{ label: 'Dashboard', href: `${path}/dashboard` }]
    return <Empty title="No results" teaches="No result of this dataset is of such a test." actions={actions} />
  }
  const ran = results.filter(({ status }) => status !== 'skipped')
  const passed = ran.filter(({ status }) => status === 'passed').length
  const durations = ran.map(durationOf).sort((a, b) => a - b)
  const tiles = [
    { label: 'Passed', value: `${passed} of ${ran.length}`, context: `of the latest ${results.length} results` },
    { label: 'Changed', value: `${changes(ran)} times`, context: 'from passed to failed or back' },
    {
      ...{ label: 'Takes', value: took(durations[durations.length >> 1] ?? 0) },
      context: `in the middle; ${took(durations.at(-1) ?? 0)} at most`,
    },
  ]
  const where = [asked.suite, asked.class, asked.branch && `on ${asked.branch}`].filter(Boolean).join(' · ')
  return (
    <>
      {where !== '' && <p class="help">{where}</p>}
      <Tiles label="Figures" tiles={tiles} />
      <Strip {...{ results, path }} />
      <Table
        {...{ id: 'results', title: 'Latest results' }}
        columns={[
          ...[{ title: 'Result' }, { title: 'Took', numeric: true }, { title: 'Branch' }, { title: 'Environment' }],
          ...[{ title: 'Run' }, { title: 'Received' }, { title: 'Message' }],
        ]}
        rows={results.map((one) => ({
          href: hrefOf(path, one),
          cells: [
            <State state={lookOf(one)} word={wordOf(one)} />,
            took(durationOf(one)),
            ...[textOf(one.branch), textOf(one.environment), textOf(one.run)],
            <Ago at={Date.parse(textOf(one._received_at))} now={nowMs} />,
            textOf(one.message).slice(0, MESSAGE_LENGTH_MAX),
          ],
        }))}
      />
    </>
  )
}

/** As high as it took long; what did not pass is a shape of its own too: cut off at the top. */
function Strip({ results, path }: Pick<CaseProps, 'results' | 'path'>): View {
  const longest = Math.max(1, ...results.map(durationOf))
  const width = results.length * (BAR.width + BAR.gap)
  const bars = results.toReversed().map((one, at) => {
    const height = BAR.heightMin + (durationOf(one) / longest) * (BAR.heightMax - BAR.heightMin)
    return { one, height, x: at * (BAR.width + BAR.gap) }
  })
  return (
    <section class="card form scroll" aria-label="Results, the newest on the right">
      <svg width={width} height={BAR.heightMax} viewBox={`0 0 ${width} ${BAR.heightMax}`}>
        <title>Results, the newest on the right</title>
        {bars.map(({ one, height, x }) => (
          <a href={hrefOf(path, one)} aria-label={titleOf(one)}>
            <title>{titleOf(one)}</title>
            <rect x={x} y={0} width={BAR.width} height={BAR.heightMax} fill="transparent" />
            <path d={barOf(x, height, lookOf(one) === 'failed')} fill={COLOURS[lookOf(one)]} />
          </a>
        ))}
      </svg>
    </section>
  )
}

function barOf(x: number, height: number, isCut: boolean): string {
  const [top, right] = [BAR.heightMax - height, x + BAR.width]
  return `M${x} ${BAR.heightMax}V${top}L${right} ${isCut ? top + BAR.heightMin / 2 : top}V${BAR.heightMax}Z`
}

function changes(results: readonly CaseResult[]): number {
  return results.filter((one, at) => at > 0 && lookOf(one) !== lookOf(results[at - 1] ?? one)).length
}

function hrefOf(path: string, { _record }: CaseResult): string {
  return `${path}/records/${textOf(_record)}`
}

function titleOf(one: CaseResult): string {
  return [wordOf(one), took(durationOf(one)), textOf(one.run)].filter(Boolean).join(', ')
}

function wordOf({ status, flaky }: CaseResult): string {
  return flaky === true ? `${textOf(status)}, flaky` : textOf(status)
}

function lookOf({ status }: CaseResult): keyof typeof COLOURS {
  return LOOKS[textOf(status) as keyof typeof LOOKS] ?? 'stopped'
}

function durationOf({ duration_ms: ms }: CaseResult): number {
  return typeof ms === 'number' ? ms : 0
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value)
}
