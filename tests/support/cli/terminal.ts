/** The command inside this process, with a terminal that remembers. */
import { type CliContext, run } from '../../../src/cli/mod.ts'

export type Ran = { exit: number; out: string; err: string }

/** Runs `sluice <words>` with this environment and nothing else of the machine's. */
export async function sluice(
  words: readonly string[],
  environment: CliContext['environment'] = {},
  terminal: Pick<CliContext['terminal'], 'ask'> = {},
  signal = new AbortController().signal,
): Promise<Ran> {
  const said = { out: '', err: '' }
  const exit = await run(words, {
    terminal: {
      out(text) {
        said.out += text
      },
      err(text) {
        said.err += text
      },
      interactive: false,
      ...terminal,
    },
    // Nothing can be made below a device, whoever runs the tests.
    environment: { HOME: '/dev/null', ...environment },
    root: false,
    signal,
  })
  return { exit, ...said }
}
