/** /v1/data-tenants/{dataTenant}/datasets: what a data tenant keeps, what was uploaded and what became of it, and its records. */
import * as v from 'valibot'
import { ApiRoutes, limitOf } from '../../server/mod.ts'
import { DatasetId, FieldClass, ImportId, NewDataset, Query, QueryPage } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { classifyField, createDataset, type DatasetActsDeps, removeDataset } from '../datasets/dataset-acts.ts'
import {
  ClassChangeJson,
  classChangeAsJson,
  DatasetJson,
  DatasetSummaryJson,
  datasetAsJson,
  datasetSummaryAsJson,
  ImportJson,
  ImportReportJson,
  importAsJson,
  reportAsJson,
} from '../datasets/dataset-json.ts'
import { documentAnswer } from '../datasets/document-answer.ts'
import { OfTenant } from './data-tenants.ts'

export type DatasetRoutesDeps = DatasetActsDeps & { access: DataAccess }

/** Of a dataset in a path. */
export const OfDataset = v.object({ ...OfTenant.entries, dataset: DatasetId })
const NewClass = v.strictObject({ field: v.pipe(v.string(), v.maxLength(256)), class: FieldClass })
const OfImport = v.object({ ...OfDataset.entries, import: ImportId })

/** Imports of a page when the query names no limit, and at most. */
const IMPORTS_DEFAULT = 50
const IMPORTS_MAX = 200
const Page = v.object({ before: v.optional(ImportId), limit: limitOf(IMPORTS_MAX, IMPORTS_DEFAULT) })

export function datasetRoutes(deps: DatasetRoutesDeps): ApiRoutes {
  const { access } = deps
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets',
      {
        summary: 'The datasets of a data tenant, by name, without their fields.',
        ...{ role: 'viewer', params: OfTenant, answer: v.object({ datasets: v.array(DatasetSummaryJson) }) },
      },
      async ({ c, params }) => {
        const { data } = await access.demandMember(c, params.dataTenant, 'viewer')
        return { datasets: (await data.datasets()).map(datasetSummaryAsJson) }
      },
    )
    .post(
      '/:dataTenant/datasets',
      {
        summary: 'Makes a dataset of a shape, which decides about fields and keys. Needs the role operator there.',
        ...{ role: 'viewer', params: OfTenant, body: NewDataset, answer: DatasetJson, status: 201 },
      },
      async ({ c, params, body }) =>
        datasetAsJson(await createDataset(deps, await access.demandMember(c, params.dataTenant, 'operator'), body)),
    )
    .get(
      '/:dataTenant/datasets/:dataset',
      { summary: 'One dataset with its fields.', role: 'viewer', params: OfDataset, answer: DatasetJson },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        return datasetAsJson(await data.dataset(dataset))
      },
    )
    .delete(
      '/:dataTenant/datasets/:dataset',
      {
        summary: 'Removes a dataset with its records, documents and upload tokens. Needs the role owner there.',
        ...{ role: 'viewer', fresh: true, params: OfDataset },
      },
      async ({ c, params: { dataTenant, dataset } }) =>
        removeDataset(deps, await access.demandMember(c, dataTenant, 'owner'), dataset),
    )
    .get(
      '/:dataTenant/datasets/:dataset/classes',
      {
        summary: 'What was decided about the classes of its fields, the newest first.',
        ...{ role: 'viewer', params: OfDataset, answer: v.object({ changes: v.array(ClassChangeJson) }) },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        return { changes: (await data.classChanges(dataset)).map(classChangeAsJson) }
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/classes',
      {
        summary: 'Gives a field a class, from the next query on. Needs the role owner there.',
        ...{ role: 'viewer', fresh: true, params: OfDataset, body: NewClass, answer: DatasetJson },
      },
      async ({ c, params: { dataTenant, dataset }, body: { field, class: to } }) => {
        const member = await access.demandMember(c, dataTenant, 'owner')
        return datasetAsJson(await classifyField(deps, member, { dataset, field, to }))
      },
    )
    .get(
      '/:dataTenant/datasets/:dataset/imports',
      {
        summary: 'Documents that were uploaded and what became of them, the newest first.',
        ...{ role: 'viewer', params: OfDataset, query: Page },
        answer: v.object({ imports: v.array(ImportJson), next: v.optional(v.string()) }),
      },
      async ({ c, params: { dataTenant, dataset }, query }) => {
        const { data, clearance } = await access.demandMember(c, dataTenant, 'viewer')
        const { imports, next } = await data.imports(dataset, { ...query, viewer: clearance })
        return { imports: imports.map(importAsJson), ...(next !== undefined && { next }) }
      },
    )
    .get(
      '/:dataTenant/datasets/:dataset/imports/:import',
      {
        summary: 'What became of one document: rows taken, and those refused with line and reason.',
        ...{ role: 'viewer', params: OfImport, answer: ImportReportJson },
      },
      async ({ c, params }) => {
        const { data, clearance } = await access.demandMember(c, params.dataTenant, 'viewer')
        return reportAsJson(await data.import(params.dataset, params.import, clearance))
      },
    )
    .get(
      '/:dataTenant/datasets/:dataset/imports/:import/document',
      {
        summary: 'A document as it was uploaded. Needs the clearance for restricted fields.',
        ...{ role: 'viewer', params: OfImport, file: 'application/octet-stream' },
      },
      async ({ c, params }) => {
        const { data, clearance } = await access.demandMember(c, params.dataTenant, 'viewer')
        return documentAnswer(await data.document(params.dataset, params.import, clearance))
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/query',
      {
        summary:
          'Records of a dataset: filtered, searched, sorted, a page at a time. Restricted fields are masked for who is not cleared, and nothing can be asked by them.',
        ...{ role: 'viewer', params: OfDataset, body: Query, answer: QueryPage },
      },
      async ({ c, params: { dataTenant, dataset }, body }) => {
        const { data, clearance } = await access.demandMember(c, dataTenant, 'viewer')
        return data.query(dataset, body, clearance)
      },
    )
}
