/** A clock by which waits take a fraction of their time, for processes that wait as a service asks. It shows the machine's own time. */
import { type Clock, systemClock } from '../../src/base/mod.ts'

export const HURRY = 20

export const hurriedClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
}
