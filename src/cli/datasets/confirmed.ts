/** Asks once more before something is removed that nothing brings back. */
import type { CliContext } from '../context.ts'
import { UsageInvalid } from '../exit.ts'

/** `loses`: what is gone then. `act`: what typing the name does. */
type Confirmed = { name: string; loses: string; force: boolean | undefined; flag?: string; act?: string }

/** Goes on when the person types the name, or when `force` says that it is meant; without either refuses `cli.usage`. */
export async function confirmed(
  { terminal: { ask, err } }: CliContext,
  { name, loses, force, flag = '--force', act = 'remove it all the same' }: Confirmed,
): Promise<void> {
  if (force) return
  if (!ask) throw new UsageInvalid(`${loses}, for good`, `Say that it is meant with ${flag}.`)
  err(`${loses}, for good.\n`)
  if ((await ask(`Type ${name} to ${act}`)).trim() !== name)
    throw new UsageInvalid('that is another name', 'Nothing was done.')
}
