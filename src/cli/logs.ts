/** Where logs go: structured lines on standard error, from the level that SLUICE_LOG names. */
import { configureSync, jsonLinesFormatter, type LogLevel } from '@logtape/logtape'
import { UsageInvalid } from './exit.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error']

/** Refuses with `cli.usage` what is no level; nothing, or an empty text, is the default. */
export function checkLogLevel(level: string | undefined): void {
  if (level && !LEVELS.some((known) => known === level))
    throw new UsageInvalid(
      `SLUICE_LOG: \`${level}\` is not a level; levels are ${LEVELS.join(', ')}`,
      'See `sluice --help`.',
    )
}

/** Sends logs of that level and above to standard error as JSON lines; `warning` when nothing is named. */
export function configureLogs(level: string | undefined): void {
  const lowestLevel = LEVELS.find((known) => known === level) ?? 'warning'
  configureSync({
    sinks: { stderr: (record) => void process.stderr.write(jsonLinesFormatter(record)) },
    loggers: [
      { category: 'sluice', lowestLevel, sinks: ['stderr'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: ['stderr'] },
    ],
  })
}
