/** A worker that is started for one question alone: what it reads or reaches out to never meets the main process, and it is ended after. */
import type { Answers, AskOf, mainAsks, ReplyOf, workerAsks } from '../../wire/mod.ts'
import { WorkerForbidden } from '../errors.ts'
import type { LaunchWorker } from './worker-process.ts'

type MainAsks = typeof mainAsks
type Lend = Answers<typeof workerAsks>['credential']

/** Asks and ends the worker. It may ask for what `lend` gives, and for nothing else. Rejects as the worker's `ask` does. */
export async function errand<What extends 'check' | 'parse'>(
  launch: LaunchWorker,
  { what, body, lend = refused }: { what: What; body: AskOf<MainAsks, What>; lend?: Lend },
): Promise<ReplyOf<MainAsks, What>> {
  const worker = launch({
    answers: { ...NOTHING, credential: lend },
    onNews: () => undefined,
    onBroken: () => worker.kill('SIGKILL'),
  })
  try {
    return await worker.ask(what, body)
  } finally {
    worker.kill('SIGKILL')
  }
}

const refused = (): Promise<never> =>
  Promise.reject(new WorkerForbidden('a worker on an errand asks for what it was given and nothing else'))

const NOTHING: Answers<typeof workerAsks> = {
  'checkpoints-load': refused,
  'checkpoints-save': refused,
  'checkpoints-forget': refused,
  'handshake-begin': refused,
  'handshake-answer': refused,
  'handshake-finish': refused,
  credential: refused,
}
