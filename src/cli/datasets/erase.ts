/** `sluice dataset erase`: one person's data out of a dataset, and the certificate of it. */
import { nounFor } from '../../base/mod.ts'
import type { EraseRequest } from '../../wire/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { EraseCertificate } from './answers.ts'
import { parseCondition } from './conditions.ts'
import { confirmed } from './confirmed.ts'
import { datasetNamed } from './named.ts'

/** Every document is read again, and the answer comes when the last one was: at 100 MB a second these are 360 GB. */
const ERASE_MS_MAX = 3_600_000

export type EraseFlags = RemoteFlags & { dataTenant?: string; match: string[]; dryRun?: boolean; yes?: boolean }

export async function erase(context: CliContext, named: string, flags: EraseFlags): Promise<void> {
  const { match, dryRun = false, yes, json } = flags
  const asked: EraseRequest = { where: match.map((text) => parseCondition(text, '--match')), dryRun }
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/erase`
  const request = async (body: EraseRequest) =>
    readAs(EraseCertificate, await client.request('POST', path, body, ERASE_MS_MAX))
  if (!dryRun && !yes) {
    const found = await request({ ...asked, dryRun: true })
    const loses = `${found.records} ${nounFor(found.records, 'record')} of ${named} go, with figures and search, ${found.documents} ${nounFor(found.documents, 'document')} as a whole, and ${found.views} ${nounFor(found.views, 'saved view')}`
    await confirmed(context, { name: named, loses, force: false, flag: '--yes' })
  }
  print(context.terminal, json, await request(asked), (certificate) => lines(named, certificate).join('\n'))
}

function lines(named: string, certificate: EraseCertificate): string[] {
  const { records, documents, imports, unread, views, matched, salt, erasedAt, by, dataset, search } = certificate
  const unsure =
    unread === 0 ? [] : [`${unread} documents that stay could not be read as a whole: look at them yourself.`]
  const [rows, files] = [nounFor(records, 'record'), nounFor(documents, 'document')]
  const gone = `${records} ${rows} of ${named} and ${documents} ${files} of ${imports} ${nounFor(imports, 'import')}`
  const would = certificate.dryRun ? 'would go, too' : 'went, too'
  const saved = views === 0 ? [] : [`${views} ${nounFor(views, 'saved view')} with that value ${would}.`]
  if (certificate.dryRun) return [`${gone} would go.`, ...saved, ...unsure]
  return [
    `Erased ${gone}. The audit trail certifies it.`,
    ...saved,
    ...unsure,
    `Certificate: ${dataset}, ${erasedAt}, by ${by}`,
    ...(search === undefined ? [] : ['All words of its search were destroyed; what stays is put in again.']),
    `Matched: ${matched} (salt ${salt})`,
    'Backups that were made before still hold it, and so does what was exported or is uploaded again.',
  ]
}
