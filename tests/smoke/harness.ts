/**
 * The least that a test needs on every host: titles, a count, and roles for children. Files beside this one register their
 * promises with `smoke` when they are imported; `scripts/smoke.ts` imports them all on Bun, on Node as a bundle, and on Deno.
 */
import process from 'node:process'

/** So long one promise may take: 20 times what the slowest needs on a busy machine. */
const PROMISE_MS_MAX = 20_000
const CHILD_WORD = 'smoke-child'

const promises: { title: string; keep: () => unknown }[] = []
const roles = new Map<string, () => unknown>()

/** Registers a promise: `keep` throws when it is broken. */
export function smoke(title: string, keep: () => unknown): void {
  promises.push({ title, keep })
}

/** Registers what a child does that was started with the words of `childWords(name)`. */
export function smokeChild(name: string, act: () => unknown): void {
  roles.set(name, act)
}

/** The words for `spawnSelf` that make the child act as `name`. */
export function childWords(name: string): string[] {
  return [CHILD_WORD, name]
}

/** Runs everything registered and prints `N passed, N failed` last; in a child, plays its role instead. */
export async function runSmoke(): Promise<void> {
  const [, , word, name] = process.argv
  if (word === CHILD_WORD) return void roles.get(name ?? '')?.()
  let failed = 0
  for (const { title, keep } of promises) {
    try {
      await inTime(keep)
      console.log(`  ok    ${title}`)
    } catch (error) {
      failed++
      console.log(`  FAIL  ${title}\n${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  console.log(`${promises.length - failed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}

async function inTime(keep: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${PROMISE_MS_MAX} ms`)), PROMISE_MS_MAX)
  })
  try {
    await Promise.race([keep(), isLate])
  } finally {
    clearTimeout(timer)
  }
}
