/** The Runtime's own tables, and no others: what the queries of this room ask for. */
import type { Database, RuntimeSchema } from '../../store/mod.ts'

type RuntimeTables = Pick<
  RuntimeSchema,
  | 'runtimeEnrolment'
  | 'runtimePeers'
  | 'runtimeAssignments'
  | 'runtimeApprovals'
  | 'runtimeCheckpoints'
  | 'runtimeAnswers'
  | 'runtimeCode'
  | 'runtimeSettings'
  | 'runtimeLibraries'
  | 'runtimeLibraryParts'
  | 'runtimeOwnerDocuments'
  | 'runtimeHistory'
>
export type RuntimeStore = Database<RuntimeTables>
