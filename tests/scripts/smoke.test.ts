import { expect } from 'bun:test'
import { join } from 'node:path'
import { slowTest } from '../support/quick.ts'

const root = join(import.meta.dirname, '../..')

for (const host of ['bun', 'binary', 'node', 'deno']) {
  slowTest(
    `the host-neutral promises of host, crypto, store, wire and C2 hold on ${host}`,
    async () => {
      const command = [process.execPath, 'scripts/smoke.ts', '--host', host]
      const child = Bun.spawn(command, { cwd: root, stdout: 'pipe', stderr: 'inherit' })
      const output = await new Response(child.stdout).text()
      expect(output.match(/^ {2}FAIL .*$/gm) ?? []).toEqual([])
      expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m)
      expect(await child.exited).toBe(0)
    },
    120_000,
  )
}
