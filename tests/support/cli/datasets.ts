/** A Runtime with a data tenant, a dataset of test results and an upload token, and files to upload. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../folder.ts'
import { runningRuntime } from '../runtime/running.ts'
import { type Ran, sluice } from './terminal.ts'

export type DatasetsWorld = {
  /** Where files of tests are; the Runtime's own are beside them. */
  folder: string
  port: number
  dataset: string
  token: string
  at(...words: string[]): Promise<Ran>
  json(...words: string[]): ReturnType<typeof JSON.parse>
  /** Uploads by the token, as a pipeline does. */
  upload(words: string[], environment?: Record<string, string>, signal?: AbortSignal): Promise<Ran>
  /** Large documents, also such as are on their way, that the data tenant's folder has. */
  largeOnDisk(): number
  /** Pieces of resumable uploads that it has whole. */
  piecesOnDisk(): number
  file(path: string, text: string | Uint8Array): string
} & AsyncDisposable

export async function datasetsWorld(): Promise<DatasetsWorld> {
  const place = temporaryFolder()
  const { runtime } = await runningRuntime(place.path)
  const data = join(place.path, 'data')
  const at = (...words: string[]) => sluice([...words, '--at', data])
  const json = async (...words: string[]) => {
    const { out, err } = await at(...words, '--json')
    if (err !== '') throw new Error(err)
    return JSON.parse(out)
  }
  const { url, ca } = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8'))
  writeFileSync(place.file('sluice-ca.pem'), ca)
  await json('data-tenant', 'create', 'acme')
  const { id } = await json('dataset', 'create', 'nightly', '--data-tenant', 'acme', '--shape', 'test-results')
  const { token } = await json('token', 'create', '--dataset', 'nightly', '--name', 'ci')
  const reached = ['--at', url, '--ca', place.file('sluice-ca.pem')]
  return {
    ...{ folder: place.path, port: Number(new URL(url).port), dataset: id, token, at, json },
    upload: (words, environment = {}, signal) => {
      const server = words.includes('--at') ? [] : reached
      const byToken = ['--dataset', id, '--token-env', 'CI_TOKEN', ...server]
      return sluice(['upload', ...words, ...byToken], { CI_TOKEN: token, ...environment }, {}, signal)
    },
    largeOnDisk: () => filesIn(join(data, 'data'), 'raw').length,
    piecesOnDisk: () => filesIn(join(data, 'data'), 'partial').filter((name) => /\/\d+$/.test(name)).length,
    file(path, text) {
      const whole = join(place.path, path)
      mkdirSync(dirname(whole), { recursive: true })
      writeFileSync(whole, text)
      return whole
    },
    async [Symbol.asyncDispose]() {
      await runtime.close()
      place[Symbol.dispose]()
    },
  }
}

/** Of every data tenant, in the folder of that name. */
function filesIn(folder: string, name: string): string[] {
  const folders = readdirSync(folder).map((tenant) => join(folder, tenant, name))
  return folders.filter(existsSync).flatMap((found) => readdirSync(found, { recursive: true, encoding: 'utf8' }))
}

/** A JUnit document of one suite with a case of each name. */
export function junit(...cases: string[]): string {
  const each = cases.map((name) => `<testcase classname="checkout" name="${name}" time="0.5"/>`)
  return `<testsuite name="shop">${each.join('')}</testsuite>`
}
