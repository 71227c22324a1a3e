/**
 * Figures as Prometheus reads them (text format 0.0.4). Ours are counted where they arise and are only written down here; a registry
 * such as prom-client's would count them a second time.
 */

/** One figure, and the same figure by labels. Names and label names are constants of the code. */
export type MetricFamily = {
  /** `sluice_…`, in base units, counters with `_total`. */
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: readonly MetricSample[]
}
export type MetricSample = { labels?: Readonly<Record<string, string>>; value: number }

/** The media type of the text. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The text. A family without a sample is left out; a value that is no number is `NaN`, as the format has it. */
export function expositionOf(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${escapedText(help)}\n# TYPE ${name} ${type}\n${samples.map((sample) => lineOf(name, sample)).join('')}`,
    )
    .join('')
}

function lineOf(name: string, { labels = {}, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedText(text).replaceAll('"', '\\"')}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
}

function escapedText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
