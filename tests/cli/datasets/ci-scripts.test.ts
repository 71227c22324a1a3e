import { expect } from 'bun:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parse } from 'yaml'
import { datasetsWorld, junit } from '../../support/cli/datasets.ts'
import { slowTest } from '../../support/quick.ts'

/** Runs a script as a pipeline does, with these variables. */
async function shell(script: string, cwd: string, environment: Record<string, string>): Promise<[number, string]> {
  const child = spawn('sh', ['-c', script], { cwd, env: { PATH: process.env['PATH'], ...environment } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()))
  const [code] = await once(child, 'close')
  return [code, said]
}

const test = Bun.which('curl') ? slowTest : slowTest.skip

test('the script of a pipeline uploads every file with what the pipeline says, waits until it is imported, again doubles nothing, and a refusal fails it', async () => {
  await using world = await datasetsWorld()
  const made = await world.json('token', 'create', '--dataset', 'nightly', '--name', 'lab', '--script', 'gitlab')
  const script = parse(made.script).test.after_script[0]
  world.file('results/one.xml', junit('one'))
  // More than a megabyte, before which curl asks whether to go on; a name that needs quotes everywhere.
  world.file("results/deep er/two's.xml", junit('two').replace('>', `>${' '.repeat(2_000_000)}`))
  const said = { CI_COMMIT_REF_NAME: 'feat/ü #1&x', CI_COMMIT_SHA: 'abc', CI_PIPELINE_IID: '7', CI_JOB_ID: '9' }
  const [code, told] = await shell(script, world.folder, { SLUICE_UPLOAD_TOKEN: made.token, ...said })
  expect([code, told.match(/imp_\S+: done, 0 refused\n/g)?.length]).toEqual([0, 2])
  const again = await shell(script, world.folder, { SLUICE_UPLOAD_TOKEN: made.token, ...said })
  expect(again).toEqual([code, told])
  const fields = ['--fields', 'name,branch,commit,build,run', '--sort', 'name']
  await world.upload([world.file('last.xml', junit('last'))])
  expect((await world.json('dataset', 'query', 'nightly', ...fields, '--where', 'run = 9')).rows).toEqual([
    ['one', 'feat/ü #1&x', 'abc', '7', '9'],
    ['two', 'feat/ü #1&x', 'abc', '7', '9'],
  ])
  const imports = await world.json('dataset', 'imports', 'nightly')
  expect(imports.map(({ fileName }: { fileName: string }) => fileName).sort()).toEqual([
    'last.xml',
    'one.xml',
    "two's.xml",
  ])
  const [refused, why] = await shell(script, world.folder, { SLUICE_UPLOAD_TOKEN: 'slu_wrong', ...said })
  expect(refused).not.toBe(0)
  expect(why).toContain('upload_token.refused')
})

test('the bash script fails when rows were refused, after it has uploaded and waited for everything, and says where to look', async () => {
  await using world = await datasetsWorld()
  await world.json('dataset', 'create', 'sizes', '--data-tenant', 'acme', '--shape', 'table')
  const made = await world.json('token', 'create', '--dataset', 'sizes', '--name', 'lab', '--script', 'bash')
  world.file('tables/a/odd.csv', 'part,size\n1,10\n2,12,twice\n')
  world.file('tables/b/fine.csv', 'part,size\n3,11\n')
  world.file('tables/results.xml', junit('one'))
  const script = made.script.replaceAll(/git rev-parse [^)]*/g, 'echo main')
  const [code, told] = await shell(script, world.folder, { SLUICE_UPLOAD_TOKEN: made.token })
  expect(code).toBe(1)
  expect(told).toMatch(/: partly, 1 refused\n/)
  expect(told).toMatch(/: done, 0 refused\n/)
  expect(told).toEndWith('not everything was taken: the pages of the dataset say what was refused, and why\n')
  expect(await world.json('dataset', 'imports', 'sizes')).toHaveLength(2)
})
