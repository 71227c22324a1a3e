import { expect, test } from 'bun:test'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

async function bench(...words: string[]): Promise<{ code: number; stderr: string }> {
  const child = Bun.spawn([process.execPath, 'scripts/bench.ts', ...words], { cwd: root, stderr: 'pipe' })
  const stderr = await new Response(child.stderr).text()
  return { code: await child.exited, stderr }
}

test('an unknown bench is refused with the nearest name and the list of all', async () => {
  const { code, stderr } = await bench('pipelin')
  expect(code).toBe(2)
  expect(stderr).toContain('did you mean pipeline?')
  for (const name of ['start', 'bridge', 'pipeline']) expect(stderr).toContain(`  ${name} `)
})
