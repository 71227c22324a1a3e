/** What stands before anything runs: folders, the data set on the factory's side, markers to look for later, a key for the warehouse. */
import { join } from 'node:path'
import { base64url, systemRandom } from '../../base/mod.ts'
import { makePrivateFolder } from '../../host/mod.ts'
import { type PlantedRow, writeDataset } from './dataset.ts'
import { createRowHash, expectedRow } from './expected.ts'

/** What the demo knows before its servers start. */
export type Prepared = {
  folder: string
  /** Rows of the data set, and the hash over what the flow must make of them. */
  rows: number
  sha256In: string
  encryptionKey: string
  /** Texts of customer data that must not reach the Platform, and one that must. */
  markers: string[]
  control: string
}

const FOLDERS = ['factory-01-files', 'cloud-01', 'cloud-01-files', 'cloud-01-files/out', 'recorded']
/** Four stand in rows, one in a credential. */
const MARKERS = 5

/** Makes the folders and writes the data set of `records` rows below `folder`. */
export async function prepare(folder: string, records: number | undefined): Promise<Prepared> {
  const markers = Array.from({ length: MARKERS }, drawMarker)
  for (const name of FOLDERS) await makePrivateFolder(join(folder, name))
  const hash = createRowHash()
  const dataset = { records, planted: plantedRows(markers) }
  const rows = await writeDataset(join(folder, 'factory-01-files'), dataset, (row, planted) => {
    if (planted?.fate !== 'refused') hash.add(expectedRow(row))
  })
  const encryptionKey = base64url(systemRandom(32))
  return { folder, rows, sha256In: hash.digestHex(), encryptionKey, markers, control: drawMarker() }
}

function drawMarker(): string {
  return `canary-${base64url(systemRandom(12))}`
}

/** Rows that carry a marker: one that arrives, and one for each part of the flow that must refuse one. */
function plantedRows(markers: readonly string[]): PlantedRow[] {
  const [delivered = '', unparsed = '', untransformed = '', undriven = ''] = markers
  const airport = {
    ...{ iata: 'ZZ9', name: 'Field', city: 'Town', state: 'NY', country: 'USA' },
    ...{ latitude: '40.5', longitude: '-73.5' },
  }
  const zip = {
    ...{ zip_code: '10001', latitude: '40.75', longitude: '-73.99' },
    ...{ city: 'New York', state: 'NY', county: 'New York' },
  }
  return [
    { dataset: 'airports', fields: { ...airport, name: delivered }, fate: 'delivered' },
    { dataset: 'airports', fields: { ...airport, latitude: unparsed }, fate: 'refused' },
    { dataset: 'zip_codes', fields: { ...zip, zip_code: untransformed }, fate: 'refused' },
    { dataset: 'zip_codes', fields: { ...zip, state: undriven }, fate: 'refused' },
  ]
}
